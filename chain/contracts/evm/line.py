"""A trace while it is written: statements, the symbolic stack, and the gas of the stretch. See ``translate``."""

from chain.contracts.evm.program import Program


class Word:
    """A word of the symbolic stack: a constant, a variable, or a condition that becomes 1 or 0 when asked for."""

    __slots__ = ("condition", "constant", "depth", "name")

    def __init__(
        self, name: str = "", constant: int | None = None, condition: str | None = None, depth: int = 0
    ) -> None:
        self.name, self.constant, self.condition = name, constant, condition
        self.depth = depth
        """Its place from the top of the real stack at the entry, from 1; 0 when it is none of those."""


class Line:
    """The text of a trace while it is written."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.text: list[str] = []
        self.stack: list[Word] = []
        self.below = 0
        """Words of the real stack that the line has looked at."""
        self.highest = 0
        """The most words the line has had above the real stack at the entry."""
        self.names = 0
        self.memory_known = 0
        """Bytes of memory that surely exist."""
        self.stretch_at = 0
        self.stretch_gas = 0
        self._open_stretch()

    def _open_stretch(self) -> None:
        self.stretch_at, self.stretch_gas = len(self.text), 0
        self.text.append("")

    def close_stretch(self) -> None:
        """Write what the stretch costs at its beginning, and begin another."""
        if self.stretch_gas:
            self.text[self.stretch_at] = f"g -= {self.stretch_gas}\n if g < 0: raise fail_out_of_gas()"
        self._open_stretch()

    def write(self, text: str) -> None:
        """Add a statement."""
        self.text.append(text)

    def pop(self) -> Word:
        """Take a word from the symbolic stack, or from the real one below it."""
        if not self.stack:
            self.below += 1
            return Word(depth=self.below)
        return self.stack.pop()

    def reach(self, count: int) -> None:
        """Make the symbolic stack at least ``count`` words deep."""
        while len(self.stack) < count:
            self.below += 1
            self.stack.insert(0, Word(depth=self.below))

    def push(self, word: Word) -> None:
        """Put a word on the symbolic stack."""
        self.stack.append(word)
        self.highest = max(self.highest, len(self.stack) - self.below)

    def make_name(self) -> str:
        """Return an unused variable."""
        self.names += 1
        return f"v{self.names}"

    def use(self, word: Word) -> str:
        """Return the text of a word's value, loading or computing it now if that was not done yet."""
        if word.constant is not None:
            return str(word.constant)
        if not word.name:
            word.name = self.make_name()
            value = f"s[-{word.depth}]" if word.depth else f"1 if {word.condition} else 0"
            self.write(f"{word.name} = {value}")
        return word.name

    def compute(self, text: str) -> Word:
        """Add a statement that computes a word, and return it."""
        name = self.make_name()
        self.write(f"{name} = {text}")
        return Word(name)

    def save(self) -> list[str]:
        """Return the statements that make the real stack what the symbolic one is, and give back the gas."""
        kept = 0
        while kept < min(self.below, len(self.stack)) and self.stack[kept].depth == self.below - kept:
            kept += 1
        gone = self.below - kept
        new = [self.use(word) for word in self.stack[kept:]]
        items = ", ".join(new) + ("," if new else "")
        statements = ["f.gas = g"]
        if gone:
            statements.append(f"s[-{gone}:] = ({items})" if new else f"del s[-{gone}:]")
        elif len(new) == 1:
            statements.append(f"s.append({new[0]})")
        elif new:
            statements.append(f"s.extend(({items}))")
        return statements

    def leave(self, target: str) -> None:
        """End the line: go on at ``target``."""
        for statement in [*self.save(), f"return {target}"]:
            self.write(statement)

    def call(self, name: str, words: list[str], pushes: bool) -> None:
        """Call an opcode's function, which may change the gas."""
        self.write("f.gas = g")
        result = f"{name}({', '.join(['f', *words])})"
        if pushes:
            self.push(self.compute(result))
        else:
            self.write(result)
        self.write("g = f.gas")
