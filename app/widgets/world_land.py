"""The land of the world as bits, made by tools/make_world_map.py from Natural Earth (public domain)."""

from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 272
WEST_DEGREES: Final = -169.0
NORTH_DEGREES: Final = 78.0
SOUTH_DEGREES: Final = -58.0
LAND: Final = (
    "c-rlpPj4N!5x_~UA*zUw6_AS#s;DA|9HUE7r4Y2b6utHvR6)`9R=B4MsNtnzpvtMq2MFMNgxq?oR}~Ol3iz5+y^esShazU`0^U^gZuxIl%jJ;E_v"
    "{C>K=)wjJ?;M9a5yuZ8S)vS(S?Ql=N@{m6Nq-Bs~-NIS7@25VD_g(;W3%p8?pv^41U*<xMNuU=$>{`W-=y&w`cuG@@|ey_)%7o7E1}`n8#!W+?{t"
    ";G1+KP!K-^JNQ+vuqhC=^&&~ktoBA$cMC+=cI^-?lUfG#DNQ_LI5x8sYFrJ5m$LfwlYRR{g2#8WtXmpQJ7q0ARJzY!zu^DX9h&*Q;g+?FK<_<cxZ"
    "v<zMG-#|atAsZL<g)u1k+Zg_o3?bOu!ihtGRb<xgas_)yPMCCNLgert&q8W3K%Svoct-Ht~(uuEaU60dxX1Bq=7!H$7DbfD&Ncb`D2${!iJ5zk0c"
    "otifjy&hGi}#xww4fgn&Is7S3J0Nl^J0DPNflx;2lq0`Nfj_wMS+nB0`3@oCecH$6Jj#PXu|Dq@XetiD3@Q3!X}9dz9WmfjQgtrM1YZoPv5%IMnL"
    "U!Q~I>Nc{d0ZU<;KkCuvl;NjXtAjlAtWLf<F~4miHRHg=q_FkK@zucjyYd%$)!^37az1sz%t)c1;{~jZPK9A7?8xie_Ktk#=B$(M$A(Yk<Irifvy"
    "SsN=K=DK8L>0Hs6^zdyA)D5-rGj&xTzk)5o+X*C*O6!s~v7OmpCefe0|j-uJnbc;mAg|x-e?uVX_)>0e)g#$~n%aB4^eo4$MQ>5i*~sW6+AWKYY7"
    "fpmAv9JLczQg#4n;fDaZ*x+_bTbFqV((FBV8%6j#a2-#ShFR~<Ga6N-U$LXez;H@+lHy44g$6b>HZ$Gc3LhBPfyOmb2=uM-M3IV5Pa@7SRt^fA5d"
    "fo_Y&ARD5u#xiaCdkZk<|Y>Ax@y<3wl+()-l|N4%VB&p4;Jn^I;c6nswC9-;CMNen!D(dF7*KOt*%iySn*h`8jdxqA&@k(6o?=w49cv5e5>uZnIt"
    "-SBAFpK=j=ak|Lw2Psa9;``bm=_Gc|EH19kLvpCvU;j+jKgUl<)?a9(?BaMof;=JVwGo?XEe`N`G910~r^UB(xdneEwS_DyM^534B|_eN2><Q6w`"
    "ZX&1S^C2=GIYw>C*h@f(o&!4PBl*We%oSVC{Z<>9m(7uvYGscrnU|;-qWNw+Sq{z12i(sR<<vyU+LG?Or5bX{*vq-FEVrt%jw^!?IP=UkbM2a;Au"
    "^8^Dy8;0vbra~4G83XV%Hy<b+>iN@`KikniTP9p=NA&W)~q}9X?qq=ZMz%T!b@0(p;y=EgiJicT=*e5(`@8vlCbj<lfB+$G^RVTusd3Hz=Q*KvWL"
    "%(^oCysi`x+Jds1#IYDG@0#P~G)Ll21FvFtL90nbhDm&PmoxqXIC`fk7Kp~e*x*zvIqYck@FPxRo%ji^RV|LAcdRyF%tCewB$)`mz7G*WRQoR7l$"
    "73>?=K8oP8=AEI9YMwMt;y#enU_tGvSjy;7a(`}w8F%!<3*A-fNp^|SmDfa(aejiV%rwfzM0OnGZ!gI%ry%%AzX>+#rQt_X$l$c_T;V`@Vk@ss#u"
    "zwJ#>S>CUM+5OURC{Pv9<uTawC%>5$(`AYTT0GCy^qcsc3tl?mj(1jxS|-}JH@uR92(6eryW!48#E;Ue@_C>DmUEQPG%Q3lW8^TGY6>tM!`$e*xj"
    "1JXQBRk;F^#af!o)5hQs2c=%%HM~JdWKnueQ{5`j!IXiP!qa5_miy#dJ+5SiZLlUu<Oj?nKdW`nmcL<m?Is^4kVWRVkS|o7Su3Yu@QOm3P+v4M8}"
    "hBsv08a6B?74DzYR_4D4F|Y^gWT;ZX2WEB3M*QlDF?8ORgxm2)>u%DFPxFRVkqr>FT$@Dt<r3Hkd~isv9b6y;3?L$Dp5VqXcbu&1q>A2U$~I>K;V"
    "%hSzOT<bwpV@X4ys|MGr4PDsW<Uzy`!f;K?%HaaQnmVp;j&mXch^51<wQRIDkHclx=*E)%iX~gKT34MFi$jmcu`qVDmX@ESI<1=3y%34nH3z#f)7"
    "yWK%M{IQGry!X!atxEZEm`kio<R1TN!1pcgb`ywtw;VdZqQpHau!}s<i`s1LK=C7$`))~HnL!(OOZ1<!8)^9-vQGwE@dw2@Frf2JUAvuu3}^qB|k"
    "Uh`+>@hVNSasxs1#p84ASh0J$o{`?1um%{^lmkql3Y`_J%hEQw?e^fmwn$awcSvMn8QZi_>3i`J0I7qPwL@W!hh%4Uen5vfwhEHE5agvgC7>>}hB"
    "!7bf^%n=Us>7wM{22CUD+xOjrix4@sd%PbcTR}w;?ev7N1DjyCQO{q7ysd1jZ84oAUj+6Hg4d=Z^G%e;;$XWBdA%@xnzP7C_Ki)X7b0iW*s{OZK3"
    "aX1Y1ZX}dd|;{E&DQ0cAx!T$IRIfa&9cnb5uMb`}syab5iEolK&bZE1MSNqj(|aUGE!mb`e?D1y%F)?t<hW*v57hA*(Gy!QSz^UeRm6G@i{O>66M"
    "sTUOJj-R!}lv3uM7oAp?aNxe9$C((3shP-2winUl@Oqu2-pXA%yGvxIgCOhVPW_@n_W^*t@UL&xZ`sB`4Q9Vbto4H=H<2Z9=je(f1ka@K=f2vH8e"
    "<5Pz+8VGS7ba>XkhPwV!eOI7PGDs=5u~0!VyDP5!JY;?fNW#7o`O(k>evks>J-y-JIp1QcBxcTs10%*rN}JF^?36MD9H;O>6J4oavOAMm&_y?;V&"
    "X&Y9qbc<W$-gc>-Bgl&VTXU8MDq-^$GOj`D8ODM^{F)b@~6z*98Y9?+@PJc=YT?QWE*p8xBQ;RXe<cBVTt*vLN*HwT|^%)52T#tc~>rfK2!KCqUu"
    "c!NTBzL;JQTC<QP$=si;m?1Z2rIC8TFZ2TmWHL`i)}8f%hU`i&f(hC{7u};OPCgrseX0*Q*PnBcVje(%nXJ=xSegC+qD?S~Tzce5CdzHDh3)wqMc"
    "z(x79N+mu{Vs#-%lZDbJ`HrK?kxNLfXOTCo|->Pdv2<__1!)C6Vb2x$C<+T4qDuI8Gs}V7C{sy20QL`9kS=BWVg%fc{mC+{cwtlPf);8%a}GNzY="
    "DZ5n3JXy~pmW=h>zlFV2gd8lxB@9?s7$V&7Nl4ek@uk=a#``8AMB{NM{MIK8c<5NT*L&prKofTa-Vs(H3W0pcjhlj;u=xC%z-q++!m15pWBGa$R$"
    "pQeAclPysZ=kf$uhjZrno_}a<(*SBd}E+ZBIB!Ri5I9?b?nsSERBpFOv};|u2?l$Z@#V_rIEdpqBKHQ|7@clFF<ZxS81tV3v2SBCLb(79t)khdxF"
    "l=u&Wd9jYY^KyHlBD4p-Tyg_j1-lSdxgI4(YR<$F{nO6`K=I#h3t$w!i$iBvKIn-&DDvT4o`X%>_@NOs#T4CTq>EKYW`O5`F@CX)%+93o&lD!Z<L"
    "<4rSU5g<Eb!J@jO?o3*|dn*W$U7Kl-RUcsMB#B(a$?p2mNkK$WFGLRMd19f`JDa^kZIqyJIo#?k75R8U@@F7<qNIY!<o|uPcQ4%qr_u$;v?d+DkC"
    "0e|?5ZR1jU!siyjTi+xV|)*z&+5MOR_rjNm;UOOuY^6ClVpa|BykinAxCkYt|abXC`DBLVr|$lO5@f+;O69OuqyKlChAP?r$)DW4=2&PA>%Tfy^T"
    "#^lSYT4{q}MX<Q4Cr?)FZ{v|Tsf;dT**->->lT}*qzOBQnbTXeO?+mun(zDk}&WxbyYaD+-EY&s~GKIU?#GFesUl94(T+at2=P(%$)p9pmW5vnd?"
    "eEy{6?D&7e9O(LrBcW;L@OXE9#nH)m@lLa^_N4{4Wz0`zm>9fPwhF6>_Z&rVyKx@bes%%!^z#=9rsgmq$!3(c4dxHQiYYl8zm%Vk7_+NB&C!0P?n"
    "sFddXpwyq!WuaC{!f;QT-0%aijMS^9XEu*8<&YDIhU4oI%aB4nOS&blgvT!7@FCj-Z@$dx2luSn(yNa6CUj+t+L<Fqge%iMxbRHnqjX@LVI<9~x>"
    "o>IJFkZk9*qCndDb9L&@kXbZHmk}}p$hcHHHoeTT^p1wf0u>EB$UG&5reQtvAbIfE^@J&`eR2(vvy>ANVKTLWzu<xUQ<@Q3n9QJqbR=y<J(S<~U*"
    "ZACH0^l7i0qd@E!0#;qap4sK_*sa|A^k$l(y5z2qOF6d@4ubd~*qMW`|K$p*5(PUA%j83%CP7#?F^Km*|}Y$yxF_jzBszkl8DfTa-p73zM6L$yFk"
    "`hFiQvICrfR$rV6ufUVIi^(@suW`Nn&(cE>OoCnD~n#uq7k;|27W1ieBNiG6pya1Vk9z_GburRrW-eu8DK9MXS9if$wNoe6;z&0o-z-uFOz`Dc&)"
    "km0I1LP(|Hs`bw$qXR#K=tv`xOlxhxeCb4jU!fRWXOwIfLtMblW+#p_%U>JTZC#}DeUu9@(pmnI^+nN_;u0>tB%N?hWaD^rFUU}(vvr4%H!lczfo"
    "K=&%F7%$*6y3eXb3$FuDK#zSdqlxv*qBSHmt(uHxjy_1yp0LHNr!Su9K@&y1tQwvut$@zUvKrw)tg3@$G6Z4ls5nO}j7<K$*}GUCw!Xc@BYJ#W=f"
    "@-njK2KmEkRpi+2<{I!7!W4t9QpnZv<R(sD%8=QdIV(?D-sVV*d}oPxbQ|(mw6uB!av3k$`10f~POg`a8g0BxS)Lr<tj}LX8#BdmyCQP_D&cu%ty"
    "~?MuZ%oz8@nqbZ!bw^E3*x>Lh{DS$YMoghE}8L>}FLnxb~u25gGq!Rb*7I%DX539nfo?!j;MV|LcF{`VSQvUUm"
)
