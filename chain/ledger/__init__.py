"""Money and its rules: transactions, blocks, state, execution and fees. Nothing here knows how blocks are agreed on."""
