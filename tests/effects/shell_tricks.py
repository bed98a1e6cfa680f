"""Shell texts that try to run `rm` unseen: by state, here-documents, standard input, evaluation.

Each line is one command in the folder that `SETUP` makes; `⏎` is a line feed. Some fail or are harmless after
all: only what happens when they are run tells.
"""

from __future__ import annotations

from shipped_rules import WORKSPACE

SETUP = rf"""
mkdir -p {WORKSPACE} /w/evil; cd {WORKSPACE}
for i in a b c f g file foo in x y script.sh; do echo "line $i" > $i; done
echo 'rm x y' > evil
printf '#!/bin/bash\nrm {WORKSPACE}/x\n' > /w/evil/ls; chmod +x /w/evil/ls; cp /w/evil/ls ls
printf 'rm x\0' > list; echo 'rm x' > 0
printf '%s\n' 'y -a -v a[$(rm${{IFS}}x)]' > words
printf './ls EXIT' > traps; printf 'a b[$(rm${{IFS}}x)] -a' > opts
"""

_LINES = r"""
b=$(cat words); [ y = $b ]
b=$(cat words); test y = $b
b=$(cat words); [ -n $b ]
b=$(cat words); [ $b ]
b=$(cat words); [ "$b" = y ]
b=$(cat words); test -n "$b"
b=$(cat traps); trap $b
b=$(cat opts); getopts $b
cat <<EOF | sh⏎rm x⏎EOF
cat <<'EOF' | bash⏎rm x⏎EOF
bash <<EOF⏎rm x⏎EOF
bash <<< 'rm x'
echo 'rm x' | bash
echo rm x | tee /dev/null | bash
exec 3> out; echo hi >&3
exec < file; bash
exec < script.sh; source /dev/stdin
coproc rm x
coproc X { rm x; }
ls() { rm x; }; ls
function ls { rm x; }; ls
ls() ( rm x ); ls
alias ls='rm x'⏎ls
BASH_ALIASES[ls]='rm x'⏎ls
shopt -s expand_aliases; alias ls='rm x'⏎eval ls
trap 'rm x' EXIT
trap rm EXIT
x='rm y'; $x
x=rm; $x y
x='$(rm y)'; echo ${x@P}
y='x'; x='$(rm y)'; echo ${!y@P}
echo ${x@P}
x='a[$(rm y)]'; echo $((x))
x='a[$(rm y)]'; [[ x -eq 1 ]]
x='a[$(rm y)]'; [[ $x -eq 1 ]]
x='a[$(rm y)]'; test -v "$x"
x='a[$(rm y)]'; [ -v "$x" ]
x='a[$(rm y)]'; printf -v "$x" hi
x='a[$(rm y)]'; read "$x" < /etc/passwd
x='a[$(rm y)]'; unset "$x"
unset 'a[$(rm y)]'
x='a[$(rm y)]'; echo ${z:x}
x='a[$(rm y)]'; echo ${z[x]}
x='a[$(rm y)]'; (( x ))
declare -i n; n='a[$(rm y)]'
declare -i n='a[$(rm y)]'
declare 'a[$(rm y)]=1'
declare -n r='a[$(rm y)]'; echo $r
export 'a[$(rm y)]=1'
let 'a[$(rm y)]=1'
wait -p 'a[$(rm y)]' -n
getopts a 'a[$(rm y)]' -a
mapfile -C 'rm y' -c 1 < file
mapfile -C'rm y' -c1 arr < file
readarray -tC 'rm y' < file
compgen -C 'rm y'
compgen -F f
compgen -W '$(rm y)'
complete -C 'rm y' ls
bind -x '"a":rm y'
enable -f ./x.so foo
enable -n test; test
hash -p ./evil ls; ls
hash -p /bin/rm ls; ls y
type ls
history -w x
history -a
fc -s
fc -e rm
test -e x -o $(rm y)
[ -f x > y ]
[[ a > b ]]
[ a > b ]
test a \> b
test a > b
printf hi > x
: > x
> x
>| x
&> x
echo hi &>x
echo hi >& x
echo hi 3<> x
cat <> x
{ ls; } > x
(ls) > x
if true; then ls; fi > x
while read l; do echo $l; done < in > out
for i in 1; do echo; done >> x
ls {fd}> x
exec {fd}>x
echo $(( $(rm x) ))
echo "$(rm x)"
echo `rm x`
echo "`rm x`"
cat <(rm x)
ls > >(rm x)
ls | tee >(sh)
cat <<EOF⏎$(rm x)⏎EOF
cat <<EOF⏎`rm x`⏎EOF
cat <<EOF⏎${x:-$(rm x)}⏎EOF
ls ${x:-$(rm x)}
ls ${x:=`rm x`}
case $(rm x) in a) ;; esac
case a in $(rm x)) ;; esac
case a in a) rm x;; esac
select x in 1; do rm x; done
for x in $(rm y); do :; done
for ((i=$(rm x);i<1;i++)); do :; done
time rm x
! rm x
rm x &
ls & rm x
ls⏎rm x
ls;rm x
ls||rm x
ls \⏎; rm x
r\m x
r''m x
$'rm' x
$'\x72m' x
$"rm" x
{rm,x}
{ls,-l};{rm,x}
/bin/rm x
/usr/bin/../bin/rm x
./ls
../../bin/rm x
~/ls
"ls" "-l"
command ls; command rm x
builtin eval 'rm x'
env ls; env rm x
env -S 'rm x'
env -- rm x
env -u A rm x
env A=1 rm x
PATH=. ls
PATH=.:$PATH; ls
export PATH=.; ls
LD_PRELOAD=./x.so ls
declare -x LD_PRELOAD=./x.so; ls
read LD_PRELOAD <<< ./x.so; export LD_PRELOAD; ls
printf -v PATH %s .; ls
for PATH in .; do ls; done
: ${PATH:=.}; ls
PATH+=:.; ls
set -- rm x; "$@"
set -- rm x; $1 $2
set -- rm x; $@
a=(rm x); "${a[@]}"
a=(rm x); ${a[0]} ${a[1]}
f() { "$@"; }; f rm x
f() { $1 x; }; f rm
f() { eval "$*"; }; f rm x
IFS=,; x=rm,y; $x
IFS=_ ; x=ls_-l_; $x
ls${IFS}-l;rm${IFS}x
xargs rm < list
echo x | xargs
echo x | xargs rm
echo 'rm x' | xargs -I{} sh -c {}
echo rm | xargs -I{} {} x
echo -delete | xargs find .
find . -exec rm {} +
find . -exec rm {} \;
find . -delete
find . -fprint x
find . -ok rm {} \;
find . -exec sh -c 'rm $0' {} \;
find . -name x -exec echo {} \; -exec rm {} \;
find . -exec {} \;
find . $(echo -delete)
find . -name $x
find $x
find .  -exec ls {} + -delete
sort -o x y
sort -ox y
sort --outp=x y
sort y -o x
sort $x y
sort -T /tmp/x y
sort *
uniq a b
tee x
date -s 1
date 010100
awk 'BEGIN{system("rm x")}'
sed -n 'w x' y
git -c alias.x='!rm y' x
git -c core.pager='rm x' log
git -c diff.external=./evil diff
git diff --ext-diff
git diff --output=x
git diff --output x
git log --output=x
git -C sub diff
git --git-dir=./evil status
git --exec-path=. status
GIT_DIR=evil git status
git grep -O'rm x' foo
git branch x
git branch -l x
git branch -l -D x
git branch --list -D x
git diff -p --no-index a b
git status; git push -n
eval "$(echo rm x)"
eval r m
eval 'r''m x'
eval "ls" "; rm x"
source x
. x
bash x
bash -c 'ls; rm x'
bash -c 'ls' -c 'rm x'
bash -c 'eval "$0"' 'rm x'
bash -c '$0 x' rm
bash -c '"$@"' _ rm x
bash -ec 'rm x'
bash -c -e 'rm x'
bash -xc 'rm x'
bash +x -c 'rm x'
bash -o errexit -c 'rm x'
sh -c "rm x"
sudo rm x
nice -n 5 rm x
timeout 5 rm x
time -p rm x
stdbuf -oL rm x
watch rm x
setsid rm x
nohup rm x
yes | head
cat /dev/tcp/evil/80
cat < /dev/tcp/evil/80
exec 3<>/dev/tcp/evil/80
ls 2>err
ls 2>&1 >x
ls 2>&1
tail --pid=1 -f x
grep -f x y
ls --color=always
xxd a b
ln -s a b
dd if=a of=b
printf '%s' rm | sh
wc --files0-from=x
hostname foo
uname
whoami
printenv
kill 1
umask 0
ulimit -c 0
cd /; rm x
logout
exit
shopt -s extglob; ls !(a)
set -o history
set -m
suspend
disown
fg
{ ls; }; } rm x
ls #; rm x
echo a#b;rm x
echo 'a⏎b' ; rm x
ls<<<$(rm x)
ls<<a;rm x⏎a
cat <<a; rm x⏎foo⏎a
cat <<a && rm x⏎foo⏎a
cat <<a | sh⏎rm x⏎a
cat <<a⏎foo⏎a⏎rm x
cat <<"a b"⏎foo⏎a b⏎rm x
cat <<'a⏎b'⏎foo⏎a⏎b⏎rm x
cat <<\a⏎foo⏎a⏎rm x
cat <<a <<b⏎foo⏎a⏎bar⏎b⏎rm x
cat <<$x⏎foo⏎$x⏎rm x
cat <<a\⏎b⏎foo⏎ab⏎rm x
cat evil | bash 3<<< ls
cat evil | bash 3<<EOF⏎ls⏎EOF
exec 3< evil; bash <<< ls <&3
exec 3< evil; bash <<< ls 0<&3
echo ls | bash <&3
echo ls | { exec 0<&3; bash; }
bash <<EOF⏎echo \"; rm x; \"⏎EOF
cat <<EOF | bash⏎echo \"; rm x; \"⏎EOF
x=rm; f() { local x=ls; }; f; $x y
x=rm; f() { declare x=ls; }; f; $x y
x=rm; x=ls & $x y
f() { rm y; }; f() { ls; } & f
readonly x=rm⏎x=ls⏎$x y
_=ls; : rm; $_ y
_=ls⏎: rm⏎$_ y
FUNCNAME=ls; rm() { command $FUNCNAME y; }; rm
PWD=/bin; cd /w/evil; $PWD/ls
OLDPWD=/bin; cd /w/evil; cd /; $OLDPWD/ls
REPLY=ls; select x in a; do break; done <<< rm; $REPLY y
BASH_REMATCH=ls; [[ rm =~ rm ]]; $BASH_REMATCH y
LANG=C eval 'IFS=_'; x=_-ob; sort a$x
f() { IFS=_; }; LANG=C f; x=_-ob; sort a$x
x=ls; read -ax <<< rm; $x y
x=ls; mapfile -tx <<< rm; $x y
f() { shift; $1 y; }; f ls rm
f() { shift; "$@"; }; f ls rm y
echo rm x | xargs -I{} -n2 env
echo rm x | xargs env
echo rm x | xargs timeout 5
echo rm x | xargs nice
find -files0-from list -exec sort {} \;
bash -cls 'rm x'
sh -cls 'rm x'
bash -c 'rm x' --help
bash -c 'rm x' --version
git -c man.viewer=e -c man.e.cmd='rm y' push --help
[() { rm x; }; [ -f a ]
export() { rm x; }; export a=b
unset() { rm x; }; unset a
local() { rm x; }; local a
test() { rm x; }; test a
echo() { rm x; }; echo a
alias export='rm x'⏎export a=b
alias if='rm x; if'⏎if true; then ls; fi
alias [='rm x'⏎[ a ]
alias [[='rm x'⏎[[ a ]]
alias for='rm x; for'⏎for i in a; do ls; done
alias a='rm x' b=c⏎a
unalias ls
x=-v; test $x 'a[$(rm y)]'
test "$(echo -v)" 'a[$(rm y)]'
[ $(echo -v) 'a[$(rm y)]' ]
[ "$op" 'a[$(rm y)]' ]
ls x; rm y
ls x
ls ; rm y
echo "${x#"$(rm y)"}"
echo ${x/$(rm y)/}
echo ${x//a/$(rm y)}
echo ${x^^$(rm y)}
echo ${x:$(rm y)}
echo ${x[$(rm y)]}
x[$(rm y)]=1
x=([$(rm y)]=1)
x=(a $(rm y))
declare x=(a $(rm y))
x+=$(rm y)
echo $[ $(rm y) ]
echo $[`rm y`]
echo $((`rm y`))
echo $(( a[$(rm y)] ))
((a[$(rm y)]))
[[ $(rm y) ]]
[[ a =~ $(rm y) ]]
[[ a == `rm y` ]]
[[ -n a && $(rm y) ]]
[[ ! $(rm y) ]]
[ a ] && rm y
if rm y; then :; fi
if :; then :; elif rm y; then :; fi
if :; then :; else rm y; fi
while rm y; do break; done
until rm y; do :; done
{ rm y; }
( rm y )
(( 1 )) && rm y
ls | rm y
ls |& rm y
rm y | ls
ls && { rm y; }
cat <<A; cat <<B⏎$(ls)⏎A⏎`rm y`⏎B
cat <<'A'; cat <<B⏎$(ls)⏎A⏎`rm y`⏎B
cat <<'A' <<B⏎$(ls)⏎A⏎$(rm y)⏎B
cat <<B <<'A'⏎$(rm y)⏎B⏎x⏎A
cat <<"A" | cat <<B⏎x⏎A⏎$(rm y)⏎B
cat 2>&1 <<A | sh⏎rm y⏎A
cat <<A >out⏎foo⏎A
cat >out <<A⏎foo⏎A
cat <<A 2>out⏎foo⏎A
cat <<A | tee out⏎foo⏎A
(cat <<A⏎foo⏎A⏎rm y)
x=$(cat <<A⏎foo⏎A⏎); rm y
x=$(cat <<'A'⏎foo⏎A⏎rm y⏎)
x="$(cat <<'A'⏎foo⏎A⏎rm y⏎)"
echo `cat <<A⏎foo⏎A⏎rm y`
cat <<EOF⏎\$(ls)⏎\\$(rm y)⏎EOF
cat <<EOF⏎\`rm y\`⏎EOF
cat <<EOF⏎"$(rm y)"⏎EOF
cat <<EOF⏎'$(rm y)'⏎EOF
cat <<EOF⏎\⏎EOF⏎rm y⏎EOF
cat <<EOF⏎foo\⏎EOF⏎rm y⏎EOF
cat <<'EOF'⏎foo\⏎EOF⏎rm y
cat <<EOF ⏎foo⏎EOF ⏎EOF⏎rm y
cat <<EOF⏎foo⏎ EOF⏎rm y
cat << 'E O F'⏎foo⏎E O F⏎rm y
cat <<""⏎foo⏎⏎rm y
cat <<''⏎⏎rm y
cat <<E"O"F⏎foo⏎EOF⏎rm y
cat <<E\OF⏎foo⏎EOF⏎rm y
cat <<$'EOF'⏎foo⏎EOF⏎rm y
cat <<~⏎foo⏎~⏎rm y
cat <<EOF;⏎foo⏎EOF⏎rm y
cat <<EOF #foo⏎foo⏎EOF⏎rm y
cat <<EOF \⏎; rm y⏎foo⏎EOF
if true; then cat <<EOF⏎foo⏎EOF⏎rm y; fi
f() { cat <<EOF⏎foo⏎EOF⏎rm y⏎}; f
for i in 1; do cat <<EOF; rm y; done⏎foo⏎EOF
while read l; do rm $l; done <<EOF⏎y⏎EOF
cat <<EOF &⏎foo⏎EOF⏎rm y
cat <<EOF || rm y⏎foo⏎EOF
cat <<EOF & rm y⏎foo⏎EOF
echo 'it''s' ; rm y
echo "a\"b" ; rm y
echo "a\\" ; rm y
echo 'a\' ; rm y ; echo '
echo $'a\' ; rm y ; echo \''
echo "${x:-"a"}"; rm y
echo "${x:-'a}"; rm y; echo "'}"
echo ${x:-'a}; rm y; echo '}
echo "${x#'}"; rm y; echo "'}"
echo "$(echo ")")"; rm y
echo "$(case a in a) echo;; esac)"; rm y
echo $(case a in a) rm y;; esac)
echo "$(echo "$(rm y)")"
echo $(echo \) ; rm y)
echo $((1)) ; rm y
echo $( (rm y) )
echo $((rm y))
echo $((rm y); ls)
((rm y); ls)
( (rm y) )
echo \⏎rm y
echo \\⏎rm y
echo a \ ; rm y
echo a\;rm y
echo a;\rm y
echo !; rm y
echo "!" ; rm y
echo ~; rm y
echo {a,b;rm y}
echo {a,$(rm y)}
echo a{b,`rm y`}c
time -p { rm y; }
time ! rm y
then rm y
ls & wait; rm y
ls &> /dev/null; rm y
ls &>/dev/null & rm y
ls 2>&1 & rm y
ls >/dev/null 2>&1 | rm y
function f { ls; } ; f | rm y
function f() if true; then rm y; fi; f
f() for i in a; do rm y; done; f
f() [[ $(rm y) ]]; f
f() { ls; } > out; f
f() { rm y; }⏎$(echo f)
trap '$x' EXIT; x='rm y'
trap 'ls' DEBUG; ls() { rm y; }; echo
set -x; PS4='$(rm y)'; ls
PS4='$(rm y)' bash -xc ls
export PS4='$(rm y)'; bash -x -c ls
BASH_ENV=./x bash -c ls
env 'BASH_FUNC_ls%%=() { rm y; }' bash -c ls
env BASH_FUNC_ls%%='() { rm y; }' bash -c ls
env -i ls
eval 'f() { rm y; }'; f
eval x=rm; $x y
(x=ls); $x y
x=rm; (x=ls); $x y
x=rm; echo | x=ls; $x y
x=rm; $(x=ls); $x y
x=rm; : $(x=ls); $x y
x=rm; { x=ls; } | cat; $x y
x=rm; f() { x=ls; }; f | cat; $x y
x=rm; f() ( x=ls ); f; $x y
x=rm; if false; then x=ls; fi; $x y
x=rm; [ a = b ] && x=ls; $x y
x=rm; case a in b) x=ls;; esac; $x y
x=rm; for i in; do x=ls; done; $x y
x=rm; while false; do x=ls; done; $x y
x=rm; f() { return; x=ls; }; f; $x y
x=rm; for i in 1; do break; x=ls; done; $x y
x=rm; for i in 1 2 3 4 5 6 7 8; do continue; x=ls; done; $x y
x=rm; f() { [ a ] && return; x=ls; }; f; $x y
x=rm; eval 'return; x=ls'; $x y
x=rm; trap 'x=ls' EXIT; $x y
x=rm; x=ls command :; $x y
x=rm; x=ls true; $x y
x=rm; x=ls eval :; $x y
x=rm; x=ls; unset x; $x y
x=ls; x=rm; $x y
x=l; x+=s; $x y
x=ls; y=x; $y
x=ls; printf -v x rm; $x y
x=ls; printf -vx rm; $x y
x=ls; read x <<< rm; $x y
x=ls; : ${x:=rm}; $x y
x=ls; let x=1; $x y
x=ls; declare -g x=rm; $x y
x=ls; f() { declare -g x=rm; }; f; $x y
x=ls; export x=rm; $x y
x=ls; y=x; declare $y=rm; $x y
x=ls; y=x; export "$y"=rm; $x y
x=ls; y=x; read $y <<< rm; $x y
x=ls; y=x; printf -v "$y" rm; $x y
x=ls; for x in rm; do :; done; $x y
x=ls; select x in rm; do break; done <<< 1; $x y
x=ls; x[0]=rm; $x y
x=ls; x=(rm); $x y
x=ls; declare -a x=(rm); $x y
x=ls; ((x=1)); $x y
x=ls; getopts a x -a; $x y
x=ls; coproc x { :; }; $x y
x=ls; exec {x}</dev/null; $x y
x=ls; source ./evil; $x y
x=ls; { read x; } <<< rm; $x y
x=ls; while read x; do $x y; done <<< rm
x=ls; mapfile x <<< rm; $x y
x=ls; IFS= read -r x < f; $x y
x=ls; wait -p x -n; $x y
x=ls; f() { local -n r=x; r=rm; }; f; $x y
x=ls; declare -n r=x; r=rm; $x y
x=ls; eval "x=$z"; $x y
x=ls; eval x=\$z; $x y
x=ls; eval 'x=rm'; $x y
x=ls; . <(echo x=rm); $x y
x=ls; source /dev/stdin <<< 'x=rm'; $x y
a=rm; x=ls; f() { x=$a; }; f; $x y
x=ls; f() { x=rm; }; trap f DEBUG; $x y
x=ls; f() { x=rm; }; g() { f; }; g; $x y
x=ls; f() { x=$1; }; f rm; $x y
x=ls; f() { eval "$1=rm"; }; f x; $x y
x=ls; command eval x=rm; $x y
x=ls; builtin eval x=rm; $x y
x=ls; builtin read x <<< rm; $x y
x=ls; command read x <<< rm; $x y
x=ls; command declare x=rm; $x y
x=ls; \declare x=rm; $x y
x=ls; "export" x=rm; $x y
x=ls; A=1 export x=rm; $x y
x=ls; A=1 read x <<< rm; $x y
x=ls; ! read x <<< rm; $x y
x=ls; time read x <<< rm; $x y
x=ls; true && read x <<< rm; $x y
x=ls; if read x <<< rm; then $x y; fi
x=ls; read x <<< rm && $x y
x=ls; [[ $(read x) ]]; $x y
x=ls; echo $((x=5)); $x y
x=ls; y=$((x=5)); $x y
sh <<E⏎exec <evil⏎E
bash <<< 'exec <evil'
sh <<'E'⏎read x⏎cat <<'Q'⏎rm y⏎Q⏎E
bash <<'E'⏎head -n1⏎cat <<'Q'⏎rm y⏎Q⏎E
bash <<'E'⏎read x⏎echo '⏎rm y⏎'⏎E
bash <<'E'⏎cat⏎rm y⏎E
bash <<'E'⏎read x; cat <<'Q'⏎cat <<'Q'⏎Q⏎rm y⏎Q⏎E
bash <<'E'⏎{ read x; } ⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎f() { read x; }; f⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎mapfile -n1⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎sed 1q⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎select x in a; do break; done⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎x=$(head -c 4)⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎bash -c 'read x'⏎: '⏎rm y⏎: '⏎E
bash <<'E'⏎while read x; do :; done⏎rm y⏎E
bash <<'E'⏎grep -m1 x⏎: "⏎rm y⏎: "⏎E
bash <<'E'⏎read x⏎: $'⏎rm y⏎: '⏎E
bash <<'E'⏎read x⏎echo "a⏎rm y⏎"⏎E
bash <<'E'⏎read x⏎# \⏎echo \⏎rm y⏎E
bash <<'E'⏎read x⏎echo \⏎rm y⏎E
bash <<'E'⏎read x⏎if false; then⏎rm y⏎fi⏎E
bash <<'E'⏎read x⏎echo $(echo⏎rm y⏎)⏎E
bash <<'E'⏎read x⏎f() {⏎ls⏎}⏎E
printf 'read x\n: "\nrm y\n: "\n' | bash
. /dev/stdin <<'E'⏎read x⏎: '⏎rm y⏎: '⏎E
source /dev/stdin <<< ': '
sqlite3 f 'select 1; --' 'create table t(a)'
x=ls; bash -c "$x y"
x='ls; rm y'; bash -c "$x"
bash -c 'x=$1; $x y' _ rm
f() { ls; }; export -f f; bash -c f
bash -O expand_aliases -c 'alias l="rm y"⏎l'
bash -c "alias l='rm y'⏎shopt -s expand_aliases⏎l"
PS1='$(rm y)' bash -i <<< ls
bash -i -c ls
bash --rcfile evil -i -c ls
bash --init-file evil -ic ls
bash -l -c ls
bash -lc ls
HOME=/w bash -lc ls
ENV=./evil sh -ic ls
BASH_ENV=./evil bash -c ls
env BASH_ENV=./evil bash -c ls
env -S 'BASH_ENV=./evil bash -c ls'
export BASH_ENV=./evil; bash -c ls
set -a; BASH_ENV=./evil; bash -c ls
set -o allexport; BASH_ENV=./evil; bash -c ls
declare -x BASH_ENV=./evil; bash -c ls
read BASH_ENV <<< ./evil; export BASH_ENV; bash -c ls
for BASH_ENV in ./evil; do export BASH_ENV; bash -c ls; done
printf -v BASH_ENV ./evil; export BASH_ENV; bash -c ls
x=BASH_ENV; declare -x $x=./evil; bash -c ls
x=BASH_ENV; export "$x=./evil"; bash -c ls
declare -n r=BASH_ENV; r=./evil; export BASH_ENV; bash -c ls
unset BASH_ENV; ls
: ${BASH_ENV:=./evil}; export BASH_ENV; bash -c ls
((BASH_ENV=1)); ls
FOO=1 BASH_ENV=./evil ls | bash -c ls
BASH_ENV=./evil; f() { bash -c ls; }; export BASH_ENV; f
cd /w/evil; PATH=; ls
cd /w/evil; unset PATH; ls
cd /w/evil; PATH=:/bin; ls
cd /w/evil; env -u PATH ls
cd /w/evil; env -i ls
cd /w/evil; exec -c ls
command -p ls
find /w/evil -execdir ls \;
find /w/evil -name ls -exec {} \;
find /w/evil -name ls -execdir ./{} \;
find /w/evil -name ls -exec env {} \;
find /w/evil -name ls -exec bash -c {} \;
find /w/evil -name ls -exec bash -c '$0' {} \;
find /w/evil -name ls -exec bash -c '"$@"' _ {} \;
find /w/evil -name ls | xargs -n1 env
find /w/evil -name ls | bash
find /w/evil -name ls | while read c; do $c; done
for c in /w/evil/*; do $c; done
/w/evil/l*
/w/evil/ls
(cd /w/evil && ./ls)
x=/w/evil; $x/ls
~+/ls
$PWD/ls
${PWD}/ls
"$(pwd)"/ls
`pwd`/ls
$OLDPWD/ls
~-/ls
//w/evil/ls
/bin/../w/evil/ls
/usr/bin//../../w/evil/ls
/bin/./ls
/bin//ls
/bin/../bin/rm y
/usr/bin/../bin/rm y
\/bin/rm y
ln -s /bin/rm l; ./l y
cp /bin/rm /tmp/ls; /tmp/ls y
alias ls="rm y"; eval ls
unalias -a; ls
enable -n echo; echo
enable -f ./x echo
complete -C 'rm y' x; compgen -C 'rm y'
bind -x '"x": rm y'
history -s 'rm y'; fc -s
set -H; echo !!
set -o vi; ls
printf '%(%Y)T\n' -1
printf '%b' '\x41'
printf -v 'x[$(rm y)]' a
echo "${x[$(rm y)]}"
x='$(rm y)'; echo "${x}"
x='$(rm y)'; echo "${x@Q}"
x='$(rm y)'; echo "${x@P}"
x='`rm y`'; echo "${x@P}"
a=('$(rm y)'); echo "${a[@]@P}"
set -- '$(rm y)'; echo "${@@P}"
set -- '$(rm y)'; echo "${1@P}"
set -- '$(rm y)'; echo "${*@P}"
x=y; y='$(rm y)'; echo "${!x@P}"
x=1; echo $((x+$(rm y)))
x='y[$(rm y)]'; echo $((x))
x='y[$(rm y)]'; echo ${a[x]}
x='y[$(rm y)]'; echo ${z:x:1}
x='y[$(rm y)]'; echo ${z:1:x}
x='y[$(rm y)]'; a[x]=1
x='y[$(rm y)]'; a=([x]=1)
x='y[$(rm y)]'; declare -i z; z=x
x='y[$(rm y)]'; declare -i z=x
x='y[$(rm y)]'; let z=x
x='y[$(rm y)]'; [[ x -gt 1 ]]
x='y[$(rm y)]'; [[ 1 -gt $x ]]
x='y[$(rm y)]'; [ "$x" -gt 1 ]
x='y[$(rm y)]'; for ((i=x;i<1;i++)); do :; done
x='y[$(rm y)]'; ((x)) || :
x='y[$(rm y)]'; while ((x)); do :; done
x='y[$(rm y)]'; case $((x)) in esac
x='y[$(rm y)]'; echo $[x]
x='y[$(rm y)]'; : $((x=1))
x='y[$(rm y)]'; printf -v z %d $((x))
x='y[$(rm y)]'; exit $((x))
x='y[$(rm y)]'; return x
x='y[$(rm y)]'; shift x
x='y[$(rm y)]'; shift $x
x='y[$(rm y)]'; exit $x
x='y[$(rm y)]'; exit "$x"
x='y[$(rm y)]'; ulimit $x
x='y[$(rm y)]'; umask $x
x='y[$(rm y)]'; sleep $x
x='y[$(rm y)]'; printf %d "$x"
x='y[$(rm y)]'; read -t $x z
x='y[$(rm y)]'; read -n $x z
x='y[$(rm y)]'; break $x
x='y[$(rm y)]'; wait $x
x='y[$(rm y)]'; unset a[x]
x='y[$(rm y)]'; unset "a[x]"
x='y[$(rm y)]'; [[ -v $x ]]
x='y[$(rm y)]'; [[ -v a[x] ]]
x='y[$(rm y)]'; [ -v "$x" ]
x='y[$(rm y)]'; test -n "${!x}"
x='y[$(rm y)]'; echo "${!x}"
x='y[$(rm y)]'; declare -n r=$x; echo $r
x='y[$(rm y)]'; read "$x" <<< 1
x='y[$(rm y)]'; mapfile "$x" <<< 1
x='y[$(rm y)]'; for r in "$x"; do echo ${!r}; done
x='y[$(rm y)]'; export "$x=1"
x='y[$(rm y)]'; f() { local "$1=1"; }; f "$x"
x='y[$(rm y)]'; getopts a "$x" -a
x='y[$(rm y)]'; printf '%s' "${a[$x]}"
x='y[$(rm y)]'; declare -A a; echo ${a[$x]}
x='y[$(rm y)]'; declare -A a; a[$x]=1
x='y[$(rm y)]'; declare -A a; unset "a[$x]"
x='y[$(rm y)]'; declare -A a; [[ -v a[$x] ]]
x='y[$(rm y)]'; declare -A a; (( a[$x]++ ))
x='y[$(rm y)]'; coproc $x { :; }
x='y[$(rm y)]'; exec {x}>/dev/null
ls $(: > z)
ls "$(touch z)"
ls <(touch z)
cat < <(touch z)
ls ${x:=$(touch z)}
ls ${x+$(touch z)}
ls ${x?$(touch z)}
ls ${x:?`touch z`}
ls ${x#$(touch z)}
ls "${x%%`touch z`}"
ls ${x//$(touch z)/}
ls ${x:0:$(touch z)}
ls {a,$(touch z)}
ls ~$(touch z)
ls $'a'$(touch z)
ls "a"'b'$(touch z)
ls a$(touch z)b
ls [$(touch z)]
ls *$(touch z)
ls @($(touch z))
ls 2>&$(touch z)
ls 2>"$(touch z)"/dev/null
ls < "$(touch z; echo x)"
ls <<< "$(touch z)"
ls <<< `touch z`
ls <<E⏎$(touch z)⏎E
ls <<E⏎`touch z`⏎E
ls <<E⏎${x:-$(touch z)}⏎E
ls <<E⏎$((1+$(touch z)1))⏎E
ls <<E⏎"$(touch z)"⏎E
ls <<E⏎\\$(touch z)⏎E
ls <<E⏎\$(touch z)⏎E
ls <<"E"⏎$(touch z)⏎E
ls <<'E'⏎$(touch z)⏎E
ls <<\E⏎$(touch z)⏎E
ls <<E"E"⏎$(touch z)⏎EE
ls <<E⏎'$(touch z)'⏎E
ls <<E⏎#$(touch z)⏎E
ls <<E && touch z⏎E
ls <<E; touch z⏎E
ls <<E⏎E⏎touch z
ls <<E⏎E ⏎touch z⏎E
ls <<'E⏎F'⏎a⏎E⏎F⏎touch z
ls << E⏎E⏎touch z
ls <<E\⏎F⏎EF⏎touch z
ls <<$E⏎$E⏎touch z
ls <<${E}⏎${E}⏎touch z
ls <<$(E)⏎$(E)⏎touch z
ls <<`E`⏎`E`⏎touch z
ls <<*⏎*⏎touch z
ls <<~⏎~⏎touch z
ls <<{a,b}⏎{a,b}⏎touch z
ls <<a.b⏎a.b⏎touch z
ls <<a-b⏎a-b⏎touch z
ls <<1⏎1⏎touch z
ls <<=⏎=⏎touch z
ls <<%⏎%⏎touch z
ls <<@⏎@⏎touch z
ls <<+⏎+⏎touch z
ls <<:⏎:⏎touch z
ls <</⏎/⏎touch z
ls <<!⏎!⏎touch z
ls <<,⏎,⏎touch z
ls <<]⏎]⏎touch z
ls <<}⏎}⏎touch z
ls <<E  # c⏎E⏎touch z
ls <<E 2>&1⏎E⏎touch z
ls <<E | cat⏎E⏎touch z
ls <<E |⏎a⏎E⏎cat; touch z
ls <<E &&⏎a⏎E⏎touch z
(ls <<E⏎a⏎E⏎); touch z
(ls <<E)⏎a⏎E⏎touch z
{ ls <<E; }⏎a⏎E⏎touch z
$(ls <<E⏎a⏎E⏎); touch z
echo "$(cat <<E⏎"⏎E⏎)"; touch z
echo "$(cat <<'E'⏎)⏎E⏎touch z)"
echo "$(cat <<'E'⏎'⏎E⏎)"; touch z; echo "'"
f() { cat <<E⏎}⏎E⏎touch z; }; f
if :; then cat <<E⏎fi⏎E⏎touch z; fi
case a in a) cat <<E⏎;; esac⏎E⏎touch z;; esac
for i in 1; do cat <<E⏎done⏎E⏎touch z; done
while :; do cat <<E; break; done; touch z⏎E
cat <<A <<B⏎A⏎B⏎touch z
cat <<A; cat <<B⏎A⏎B⏎touch z
cat <<A; cat <<A⏎A⏎A⏎touch z
cat <<A | cat <<B⏎x⏎A⏎y⏎B⏎touch z
cat <<A $(cat <<B⏎x⏎B⏎)⏎y⏎A⏎touch z
cat <<A⏎$(cat <<B⏎x⏎B⏎touch z)⏎A
cat <<A⏎$(cat <<A⏎x⏎A⏎touch z)⏎A
cat <<A⏎${x:-⏎A⏎touch z⏎}⏎A
cat <<A⏎`⏎A⏎touch z⏎`⏎A
cat <<A⏎\⏎A⏎touch z⏎A
cat <<A⏎x\⏎A⏎touch z⏎A
cat <<A⏎x\\⏎A⏎touch z⏎A
cat <<'A'⏎x\⏎A⏎touch z⏎A
sort -\⏎o z y
sed -n\⏎i p y
awk 'BEGIN'\⏎' { print > "z" }'
ls >/dev/null\⏎2 y
compgen -aC 'touch z'
compgen -aW '$(touch z)'
compgen -A function -W '$(touch z)'
compgen -A command -C 'touch z'
wait -np 'a[$(touch z)]'
sleep 0 & wait -np 'a[$(touch z)]'
hash -lp ./evil ls; ls
jobs -lx touch z
set -eo keyword; bash -c ls BASH_ENV=./evil
set -eoo pipefail keyword; bash -c ls BASH_ENV=./evil
set +B; tee /dev/{null,null}
x=$(echo n touch z); exec -a $x ls
x=$(echo '2 a[$(touch${IFS}z)]'); read -n $x y <<< a
x=$(echo '2 a[$(touch${IFS}z)]'); read -rp $x y <<< a
x=ls; getopts -- a x -a; $x y
declare -a x='($(touch z))'
declare -a x='([$(touch z)]=1)'
declare -a 'x=(`touch z`)'
declare -A x='([a]=$(touch z))'
declare -A x='($(touch z) 1)'
declare -a x; declare x='($(touch z))'
declare -a x+='($(touch z))'
export -a x='($(touch z))'
readonly -A x='([a]=$(touch z))'
f() { local -a x='($(touch z))'; }; f
x=(1); declare x='($(touch z))'
x=(1); f() { declare -g x='($(touch z))'; }; f
y=$(echo '($(touch z))'); declare -a x="$y"
y=$(echo '($(touch z))'); x=(1); declare "x=$y"
y=$(echo '($(touch z))'); x[1]=1; declare "x=$y"
y=$(echo '($(touch z))'); : ${x[1]:=a}; declare x="$y"
y=$(echo '($(touch z))'); mapfile x < f; declare x="$y"
y=$(echo '($(touch z))'); read -a x < f; declare x="$y"
y=$(echo '($(touch z))'); declare PIPESTATUS="$y"
command declare -a x='($(touch z))'
x=$(echo a); declare -$x y='($(touch z))'
x=$(echo i); declare -"$x" y=5; y='a[$(touch z)]'
declare -i n=5; n='a[$(touch z)]'
declare -i n=5; n+='a[$(touch z)]'
declare -i n=5; read n <<< 'a[$(touch z)]'
declare -i n=5; printf -v n %s 'a[$(touch z)]'
declare -i n=5; for n in 'a[$(touch z)]'; do :; done
declare -i n=5; for n in 1 2 3 4 5 6 7 'a[$(touch z)]'; do :; done
declare -i n=5; export n='a[$(touch z)]'
declare -i n=5; mapfile n <<< 'a[$(touch z)]'
declare -i n=5; n=(b); b='a[$(touch z)]'; n=(b)
n='a[$(touch z)]'; declare -i n; n+=1
f() { local -i n=1; n='a[$(touch z)]'; }; f
RANDOM='a[$(touch z)]'
HISTCMD='a[$(touch z)]'
OPTIND='a[$(touch z)]'
SRANDOM='a[$(touch z)]'
read OPTIND <<< 'a[$(touch z)]'
readonly x=touch; x=ls eval '$x z'
{ [[ $q ]] || exec < evil; bash; } <<< ls
{ if [[ $q ]]; then :; else exec < evil; fi; bash; } <<< ls
while :; do bash; [ a ]; exec < evil; done <<< ls
x='a[$(touch z)]'; [[ ! x -eq 1 ]]
x='a[$(touch z)]'; let x++
x='a[$(touch z)]'; let x+=1
a=!; b=$(echo -v); x=$(echo 'a[$(touch${IFS}z)]'); test $a "$b" "$x"
a=$(echo !); b=$(echo -v); x=$(echo 'a[$(touch${IFS}z)]'); test "$a" "$b" "$x"
b=$(echo -v); x=$(echo 'a[$(touch${IFS}z)]'); test -n x -a "$b" "$x"
b=$(echo -v); x=$(echo 'a[$(touch${IFS}z)]'); test '(' "$b" "$x" ')'
b=$(echo -v); x=$(echo 'a[$(touch${IFS}z)]'); [ ! "$b" "$x" ]
b=$(echo -v); x='a[$(touch z)]'; test ! "$b" 'a[x]'
test -n x -a -v 'a[`touch z`]'
x='a[$(touch z)]'; test x -a -v a[x]
echo {x['$(touch z)']}</dev/null
: {x['$(touch z)']}<<< a
: {x['$(touch z)']}<<E⏎E
: {x['$(touch z)']}>&1
: 2>&1 {x['$(touch z)']}>&1
q='a[$(touch z)]'; : {x[q]}</dev/null
q='a[$(touch z)]'; : {x[q,1]}</dev/null
: {PATH}</dev/null; ls
mkdir 10; cp evil 10/ls; : {PATH}</dev/null; ls
echo hi >&²
echo hi >&٣
echo hi >&1--
bash <<< ls <<E⏎rm x⏎E
bash < evil <<E⏎ls⏎E
{ exec <<E⏎rm x⏎E⏎bash; } <<< ls
f() { . /dev/stdin rm <<< '$1 y'; }; f ls
set -- 'a[$(touch z)]'; echo ${!1}
f() { echo "${!1}"; }; f 'a[$(touch z)]'
f() { echo "${!1:-a}"; }; f 'a[$(touch z)]'
bash -c 'echo ${!1}' _ 'a[$(touch z)]'
bash -c 'echo ${!0}' 'a[$(touch z)]'
: 'a[$(touch z)]'; echo ${!_}
: 'a[$(touch z)]'; echo $((_))
: 'a[$(touch z)]'; echo ${x:_}
: 'a[$(touch z)]'; [[ _ -eq 1 ]]
[[ 'a[$(touch z)]' =~ .* ]]; echo $((BASH_REMATCH))
[[ 'a[$(touch z)]' =~ .* ]]; echo ${!BASH_REMATCH}
select x in a; do echo $((REPLY)); break; done <<< 'a[$(touch z)]'
exec() { ls; }; POSIXLY_CORRECT=1; exec touch z
eval() { ls; }; set -o posix; eval touch z
x=touch; POSIXLY_CORRECT=1; x=ls; x=touch :; $x z
sh -c 'x=ls; x=touch :; $x z'
sh -c 'x=ls; x=touch readonly q; $x z'
sh -c 'x=ls; x=touch times; $x z'
bash --posix -c 'x=ls; x=touch :; $x z'
sh -c '[[ a > z ]]'
sh -c '[[ a || touch ]]'
sh -c 'eval "[[ a || touch ]]"'
sh -c 'trap "[[ a || touch ]]" EXIT'
sh -c '(( a > z ))'
sh -c 'echo $[ 1 > z ]'
sh -c 'x=sh; x+=a256sum; $x evil'
sh -c 'tee /dev/{null,null}'
sh <<< '(( a > z ))'
echo '[[ a || touch ]]' | sh
dash -c '[[ a || touch ]]'
find f -exec sh -c '[[ a || touch ]]' \;
LANG='a[$(touch z)]' bash -c 'echo $((LANG))'
export TZ='a[$(touch z)]'; bash -c 'echo $((TZ))'
env LANG='a[$(touch z)]' bash -c 'echo ${x:LANG}'
x='a[$(touch z)]'; trap 'echo $((x))' EXIT
trap 'echo $((x))' EXIT; x='a[$(touch z)]'
trap 'let x++' EXIT; x='a[$(touch z)]'
trap 'echo ${!x}' EXIT; x='a[$(touch z)]'
trap 'f' EXIT; f() { touch z; }
trap 'ls' EXIT; ls() { touch z; }
trap 'declare -i x; x+=1' EXIT; x='a[$(touch z)]'
trap 'declare x="$y"' EXIT; x=(1); y='($(touch z))'
trap 'x=$y' EXIT; declare -i x=1; y='a[$(touch z)]'
g() { ls; }; for i in 1 2 3 4 5 6 7 8; do g; g() { touch z; }; done
g() { ls; }; for ((i=0;i<2;i++)); do g; g() { touch z; }; done
f() { touch z; }; readonly -f f; f() { ls; }; f
f() { touch z; }; declare -fr f; f() { ls; }; f
x=touch; { x=ls; } </nonexistent; $x z
x=touch; { x=ls; } 2>/nonexistent/a; $x z
x=touch; f() { x=ls; }; f </nonexistent; $x z
x=touch; eval x=ls </nonexistent; $x z
x=touch; eval x=ls </nonexistent <<E; $x z⏎E
x=touch; export x=ls </nonexistent; $x z
x=touch; declare x=ls </nonexistent; $x z
{ rm() { ls; }; } </nonexistent; rm y
x=touch; shopt -s failglob⏎ls *nomatch*; x=ls⏎$x z
x=touch⏎echo $((1/0)); x=ls⏎$x z
x=touch⏎{ echo $((1/0)); x=ls; }⏎$x z
x=touch⏎f() { (( y = 1 % 0 )); : $((1/0)); x=ls; }⏎f⏎$x z
x=touch⏎readonly r=1; r=2; x=ls⏎$x z
echo "${x:-'$(touch z)'}"
echo "${x:-'{a,b}$(touch z)'}"
echo <(echo ==⏎touch z⏎)
echo <(echo ⏎\⏎touch z)
x=$(echo ⏎\⏎touch z)
[[ a =~ <(touch z) ]]
[ a = # #⏎touch z ]
echo "`echo '`touch z`touch z⏎'`"
echo ${x/<(touch z)/}
[ 1 <>z ]
[ 1 >>z ]
shopt -s nullglob; x=ls; printf nomatch* -v x touch; $x z
ls() { touch z; }; time ls
ls() { touch z; }; time -p ls
x=ls; time printf -v x touch; $x z
x=ls; f() { local x; $x touch z; }; f
x=ls; f() { declare -a x; $x touch z; }; f
for ((i=0;i<2;i++)); do i='a[$(touch z)]'; done
n=1; for ((i=0;i<9;i+=n)); do n='a[$(touch z)]'; done
x=touch; cat nofile <<E && x=ls⏎E⏎$x z
x=touch; cat <<E || x=ls⏎E⏎$x z
echo touch z | : <<< ls $(bash)
echo touch z | { <<< ls : $(bash); }
echo touch z | : $(bash) <<E⏎ls⏎E
echo touch z | cat <<< ls <(bash)
x=touch⏎a[-1]=1; x=ls⏎$x z
x=touch⏎q=abc; : ${q:1:-99}; x=ls⏎$x z
x=touch⏎echo $((08)); x=ls⏎$x z
x=touch⏎q=08; : $((q)); x=ls⏎$x z
x=touch⏎: $((1++)); x=ls⏎$x z
x=touch⏎: ${!q}; x=ls⏎$x z
x=touch⏎UID=5; x=ls⏎$x z
x=('a[$(touch z)]'); echo ${!x[0]}
x=('a[$(touch z)]'); echo ${!x[@]:0}
POSIXLY_CORRECT=1 uniq notes.txt -c
export POSIXLY_CORRECT=1; uniq notes.txt -c
sh -c 'x=touch; declare x=ls; $x z'
sh -c 'x=touch; builtin export x=ls; $x z'
sh -c 'alias foo="touch z;foo"⏎foo() { :; }'
cat <<E >/dev/null⏎$(echo '⏎E⏎touch z⏎')⏎${x:-y}⏎E
echo ${x/⏎E⏎touch {fd}>z⏎/}
awk 'BEGIN { if (1) /"/; system("touch z"); x = /"/ }'
awk 'BEGIN{x=/[]/"]/; system("touch z"); y=/"/}'
awk 'BEGIN{x=/[[:alpha:]/"]/; system("touch z"); y=/"/}'
awk 'BEGIN{print 1 ?⏎ 2 : 3 > "z"}'
sed 'a foo\\⏎w z' notes.txt
sed '1a\⏎\\⏎w z' notes.txt
eval $'echo a\x{0a}touch z'
eval $'echo a\x{a}touch z'
exec -a $! ls touch z
y=$(wc -l < nofile); exec -a $y ls touch z
f() { IFS=q; env -u $@; }; f aqtouch ls z
x=--help; printf %n x; timeout $x touch z
x=--help; printf abc%n x; timeout $x touch z
x=--help; f=%n; printf "$f" x; timeout $x touch z
x=--help; printf '%*ln' 1 x; timeout $x touch z
x='a[$(touch z)]'; for ((i=0; i<0; x=5)); do :; done; echo $((x))
x='a[$(touch z)]'; for ((;0;i++, x=1)); do :; done; : $((x))
x='a[$(touch z)]'; local x=5; echo $((x))
x=touch⏎echo $((1/0)); bash -c 'ls⏎ls'; x=ls⏎$x z
x=touch⏎echo $((1/0)); eval 'ls⏎ls'; x=ls⏎$x z
x=touch⏎readonly r=1; r=2; x=ls; bash <<E⏎ls⏎ls⏎E⏎$x z
x=touch⏎f() { echo $((1/0)); }⏎f; x=ls; awk 'BEGIN{system("ls\nls")}'⏎$x z
x=touch; eval 'echo $((1/0)); x=ls'; $x z
x=touch⏎: ${q!}; x=ls⏎$x z
x=touch⏎: ${1q}; x=ls⏎$x z
x=touch⏎: ${}; x=ls⏎$x z
x=touch⏎: ${#q!}; x=ls⏎$x z
echo ls | awk '{ print "touch z" | "sh" }'
awk '{print "touch z" | "sh"}' <<< ls
echo 'print(1)' | awk 'BEGIN{print "open(\"z\",\"w\")" | "python3"}'
echo p | awk 'BEGIN{print "w z" | "sed -f - f"}'
bash 3< evil <<A <&3⏎ls⏎A
f() { x=$(head -c5); bash; }; f <<< 'echo touch z'
f() { (read -n5 x); bash; }; f <<< 'echo touch z'
f() { head -c5 | cat; bash; }; f <<< 'echo touch z'
find f g -exec head -c5 \; -exec bash \; <<< 'echo touch z'
find f -exec bash -c 'read -n5 x' \; -exec bash \; <<< 'echo touch z'
awk 'BEGIN{system("head -c5"); system("bash")}' <<< 'echo touch z'
awk 'BEGIN{"head -c5" | getline x; system("bash")}' <<< 'echo touch z'
echo ls | { sed 's/ls/touch z/' > >(sh); } | cat
echo ls | { cat evil > >(bash); } | cat
f() { cat evil > >(bash); }; f <<< ls | cat
find -- f -delete
find -L -- f -exec touch z \;
find -- f -name f -fprint z
echo a | xargs --process-slot-var=BASH_ENV bash -c ls
echo a | xargs -P1 --process-slot-var=BASH_ENV bash -c ls
echo <<-E⏎$xa#`touch z`
cat <<E⏎${xa}`touch z`
x=ls; printf -v y -v x touch; $x z
x=ls; f() { printf -vy -v x touch; }; f; $x z
x=5; printf -v y -v x '%s' 'a[$(touch z)]'; echo $((x))
x=touch⏎: ${q }; x=ls⏎$x z
x=touch⏎: ${ q}; x=ls⏎$x z
while f() { touch z; }; f() { ls; } & f; do break; done
if x=touch; x=ls & then $x z; fi
case a in a) x=touch; x=ls & $x z;; esac
echo $(x=touch; x=ls & $x z)
echo hi < f > /dev/stdin
exec 3< f; echo hi > /dev/fd/3
ls 3< f >> /dev/fd/3
{ ls > /dev/fd/3; } 3< f
exec 63< f; ls > /dev/fd/63
tee /dev/stdin < f
tee -a /dev/fd/3 3< f < g
sort -o /dev/stdin < f
uniq g /dev/stdin < f
ls 1< f > /dev/stdout
ls 2< f > /dev/stderr
exec 1< f; tee /dev/stdout < g
exec 3< f; tee /dev/stdout >&3 < g
exec 3< f; tee /dev/fd/1 1>&3- < g
{ tee /dev/stderr < g; } 2< f
f() { tee /dev/stderr < g; }; f 2< f
bash -c 'tee /dev/stderr < g' 2< f
awk 'BEGIN{print > "/dev/stdin"}' < f
mawk 'BEGIN{print > "/dev/fd/3"}' 3< f
sed 'w /dev/fd/3' g 3< f
dd of=/dev/stdin < f
dd if=g of=/dev/stdout 1< f
find g -fprint /dev/stdin < f
find f -exec ls \;$nope -delete -exec ls \;
find f -exec ls \;"$nope" -exec touch z \;
find f g -exec ls $(echo \;) -delete -exec ls \;
x=touch⏎echo $((1/0));\⏎ x=ls⏎$x z
x=touch⏎echo $((1/0)); \⏎\⏎x=ls⏎$x z
shopt -s nullglob; printf nomatch*$# -v 'a[$(touch z)]' 1
shopt -s nullglob; exec -a nomatch*"$nope" ls touch z
x=(a)echo touch z
x=$(echo ' touch z'); env A=$x ls
x=$(echo '; touch z'); env -i A=1 B=b$x ls
PWD=$'\ntouch z'; eval echo x=~+
OLDPWD=$'\ntouch z'; x=:~-; eval "echo #$x"
PWD=$'\ntouch z'; declare x=a:~+; eval "echo #$x"
PWD=$'\ntouch z'; x="a":~+; eval "echo #$x"
x=touch⏎: ${!q}# \⏎; x=ls⏎$x z
declare -i n=5; n+='a[$(touch z)]' ls
x=ls; declare -a x+='($(touch z))'
x=a; f() { local -a x+='([0]=$(touch z))'; }; f
awk 'BEGIN{system("touch z")}' f -e 1
x=touch⏎export'q' x=ls; $x z
x=touch⏎declare"q" x=ls; $x z
f() { x=touch; readonly'q' x=ls; $x z; }; f
trap 'set -- touch z' DEBUG; "$@"
trap 'export d' DEBUG; d='a[$(touch z)]'; bash -c '((d))'
trap 'head -c5' DEBUG; { bash; } <<E⏎echo touch z⏎E
trap 'head -c5' DEBUG; { . /dev/stdin; } <<E⏎echo touch z⏎E
ls <<E⏎"$(cat f)"⏎E && ls '$(touch z)'
cat <<E⏎$x⏎E | cat '`touch z`'
ls <<E⏎$⏎$(touch z)⏎E
ls <<E⏎$ $(touch z)⏎E
x=touch⏎echo $((1/0)); x=ls; !⏎⏎$x z
echo "$ $(touch z)"
echo "costs a$ $(touch z)"
x="$	$(touch z)"
[ "$ $(touch z)" ]
cat <<< "${x}$ $(touch z)"
echo "$\ $(touch z)"
echo "$(echo "$ $(touch z)")"
y='a[$(touch z)]'; f() { local q -g y=5; }; f; echo $((y))
x='a[$(touch z)]' export x; bash -c 'echo $((x))'
x='a[$(touch z)]' declare -x x; bash -c 'echo $((x))'
f() { export d; }; d='a[$(touch z)]' f; bash -c '((d))'
awk 'BEGIN{ENVIRON["BASH_ENV"]="evil"; system("bash -c ls")}'
awk 'BEGIN{ENVIRON["PATH"]="/w/evil:/bin"; system("ls")}'
awk 'BEGIN{ENVIRON["PATH"]="/w/evil:/bin"; "ls" | getline x; print x}'
x='\-'; test $x? 'a[$(touch z)]'
test -['0]'v] 'a[$(touch z)]'
x=touch⏎: ${=5}; x=ls⏎$x z
: {Z..a}'touch z'{Z..'y[$(touch z)]'
x=touch⏎echo $((2**=~ -1)); x=ls⏎$x z
[ a || ./evil.sh ]
[ a || touch ]
dash -c '[ a || touch ]'
[ a && touch ]; ls
test a || [ -n "" || touch ]
sed -u -e '1e# \⏎ bash' <<'E'⏎x⏎touch z⏎E
x=touch⏎f() { x=ls; }; 1UID=1 f⏎$x z
find f -exec ls \;"$nope" -exe$@c touch $ z \;
"""

COMMANDS: tuple[str, ...] = tuple(line.replace("⏎", "\n") for line in _LINES.strip("\n").split("\n"))
"""Every command once."""
