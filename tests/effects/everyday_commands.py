"""Commands as people and agents type them, harmless and harmful mixed, run in the prepared tree."""

from __future__ import annotations

FILES = r"""
ls
ls -la
ls -lhS --color=never src
ls -R . | head -20
ls *.txt
ls -d */
dir
tree
cat notes.txt
cat -n notes.txt fruit.txt
cat < notes.txt
cat notes.txt > copy.txt
cat notes.txt >> fruit.txt
cat > new-file.txt <<< hello
tac notes.txt
nl notes.txt
head -n 3 notes.txt
head -3 notes.txt
tail -n 2 notes.txt
tail -5 logs/app.log
tail -c 10 notes.txt
wc -l *.txt
wc notes.txt
stat notes.txt
stat -c '%s %n' *.txt
stat -f .
file notes.txt all.zip
file -b src/app.py
file -C -m settings.toml
readlink link.txt
readlink -f linked
realpath src/../docs
basename src/app.py .py
dirname src/deep/main.c
pwd
pwd -P
du -sh .
du -a src | sort -n
df -h .
touch notes.txt
touch brand-new.txt
touch -r notes.txt fruit.txt
touch -c not-there.txt
mkdir made
mkdir -p made/a/b
mkdir empty
rmdir empty
rmdir not-there
rm notes.txt
rm -f not-there.txt
rm -rf src
rm -- -dash.txt
unlink link.txt
cp notes.txt notes2.txt
cp -r src src2
cp -n notes.txt fruit.txt
cp -u old.txt new.txt
mv old.txt older.txt
mv -n old.txt new.txt
ln -s notes.txt another-link
ln notes.txt hard-link
chmod +x notes.txt
chmod -R go-r src
chmod 644 notes.txt
chown user notes.txt
install -m 644 notes.txt installed.txt
install -d some/where
truncate -s 0 notes.txt
truncate -s +0 notes.txt
shred -n1 notes.txt
dd if=notes.txt of=dd.txt
dd if=notes.txt bs=1 count=4
dd if=/dev/zero of=zeros bs=1k count=1
split -l 3 notes.txt part-
csplit notes.txt 3
tee copied.txt < notes.txt
tee < notes.txt
echo hi | tee -a fruit.txt
mktemp
mktemp -u
mktemp -d
mktemp ./abc.XXXXXX
mkfifo pipe
mknod node p
sync
sync notes.txt
ls > listing.txt
ls 2> errors.txt
ls &> both.txt
ls >| forced.txt
: > notes.txt
> emptied.txt
echo x 1<> notes.txt
test -f notes.txt && echo yes
[ -d src ] || mkdir src
[[ -n $HOME ]] && echo "$HOME"
[ 2 > 1 ]
cmp old.txt new.txt
diff old.txt new.txt
diff -r src docs
diff -u old.txt new.txt > d.patch
diff <(sort fruit.txt) <(sort notes.txt)
sdiff old.txt new.txt
sdiff -o merged.txt old.txt new.txt
diff3 old.txt new.txt notes.txt
comm old.txt new.txt
md5sum *.txt
sha256sum notes.txt > sums
sha256sum notes.txt | sha256sum -c
b2sum notes.txt
cksum notes.txt
xxd notes.txt
xxd notes.txt dump.hex
xxd -r -p fruit.txt out.bin
hexdump -C notes.txt
od -c notes.txt
strings all.zip
strings -n 8 all.tar
base64 notes.txt
base64 -d <<< aGVsbG8=
split --help
chmod --help
rm --help
vdir
getfacl notes.txt
lsattr .
namei -l src/app.py
pathchk src/app.py
fallocate -l 10 space
logger hello
who
w
id
id -un
whoami
groups
uname -a
hostname
hostname new-name
date
date +%F
date -d yesterday
date -r notes.txt
date -s '2020-01-01'
cal
uptime
free -m
nproc
env
printenv HOME
env | sort
locale
getent passwd root
arch
tty
ps aux
ps -ef | grep bash
top -b -n 1
pgrep bash
kill -l
kill 99999
kill -0 $$
pkill not-a-program
lsof -p $$
jobs
umask
ulimit -a
sleep 0.01
seq 1 5
seq -w 1 3 > seq.txt
yes | head -3
true
false
echo hello world
echo -n no newline
echo $HOME ~ $(pwd)
echo "a > b"
echo a \> b
echo a > b
printf '%s\n' a b c
printf 'x' > printed.txt
printf -v v '%s' x; echo "$v"
expr 1 + 2
factor 12
numfmt --to=iec 4096
type ls
which ls
command -v git
whereis ls
man ls
info ls
help cd
history
alias
set | head -3
time ls
nice ls
timeout 2 ls
timeout 2 touch timed.txt
nohup ls
nohup ls > out.txt
setsid ls
stdbuf -oL ls
env FOO=1 ls
env -i ls
env FOO=1 touch by-env.txt
xargs -n1 echo < fruit.txt
xargs touch < fruit.txt
script -c ls typescript
script -q -c 'touch typed.txt' /dev/null
flock lockfile ls
less notes.txt
more notes.txt
less -o saved.txt notes.txt
vim -es -c 'wq' notes.txt
ed -s notes.txt <<< w
ex -s -c 'wq' notes.txt
"""

TEXT = r"""
grep -n line notes.txt
grep -rn TODO src
grep -c apple fruit.txt
grep -v '^#' settings.toml
grep -E 'a|b' *.txt
grep -l main -r src
grep apple fruit.txt > found.txt
grep -q apple fruit.txt && echo found
egrep 'ap+' fruit.txt
fgrep apple fruit.txt
zgrep line packed.txt.gz
sort fruit.txt
sort -u fruit.txt | uniq -c
sort -o fruit.txt fruit.txt
sort fruit.txt -o sorted.txt
sort -ofruit2.txt fruit.txt
sort --output=s.txt fruit.txt
sort -t, -k2 -n people.csv
sort -S 1M fruit.txt
sort --compress-program=gzip fruit.txt
uniq fruit.txt
uniq -d fruit.txt
uniq fruit.txt uniq.txt
cut -d, -f1 people.csv
cut -c1-3 notes.txt
tr a-z A-Z < fruit.txt
tr -d '\n' < fruit.txt > joined.txt
paste fruit.txt old.txt
join old.txt new.txt
column -t -s, people.csv
fold -w 10 notes.txt
fmt notes.txt
pr notes.txt
rev fruit.txt
expand notes.txt
unexpand notes.txt
shuf fruit.txt
shuf -o fruit.txt fruit.txt
shuf -n 1 fruit.txt
tsort <<< 'a b'
iconv -f utf-8 -t ascii notes.txt
iconv -f utf-8 -t ascii -o conv.txt notes.txt
sed -n 1,3p notes.txt
sed 's/line/row/' notes.txt
sed -i 's/line/row/' notes.txt
sed -i.bak 's/line/row/' notes.txt
sed -ni p notes.txt
sed -E 's/(a)/\1/g' fruit.txt
sed -n '/apple/p' fruit.txt
sed 's/apple/x/w written.txt' fruit.txt
sed -n 'w written.txt' fruit.txt
sed -e 1d -e 'w out.txt' fruit.txt
sed -f write.sed notes.txt
sed '1e touch by-sed.txt' notes.txt
sed 's/line.*/touch by-sed.txt/e' notes.txt
sed --in-place=.o s/a/b/ fruit.txt
sed '/x/r old.txt' notes.txt
sed 'y/abc/xyz/' fruit.txt
sed '$!d' notes.txt
sed -n '$=' notes.txt
sed '1!G;h;$!d' notes.txt
sed --debug p fruit.txt
sed -s -n '1p;$p' fruit.txt notes.txt
sed '2i\
inserted' fruit.txt
sed 's/a/w/;s/b/e/' fruit.txt
sed 's|a|b|w out2.txt' fruit.txt
sed '/a/{s/a/b/;w out3.txt
}' fruit.txt
awk '{print $1}' notes.txt
awk -F, '{print $2}' people.csv
awk -F, 'NR>1 {s+=$2} END {print s}' people.csv
awk '{print > "awk-out.txt"}' fruit.txt
awk '{print >> "fruit2.txt"}' fruit.txt
awk 'BEGIN {system("touch by-awk.txt")}'
awk 'BEGIN {print "touch by-awk.txt" | "sh"}'
awk 'BEGIN {"date" | getline d; print d}'
awk 'BEGIN {"touch got.txt" | getline}'
awk 'BEGIN {while ((getline l < "notes.txt") > 0) n++; print n}'
awk -f write.awk
awk '$2 > 25' FS=, people.csv
awk '/ERROR/ {n++} END {print n+0}' logs/app.log
awk '{ if ($1 > max) max = $1 } END { print max }' notes.txt
awk -v n=2 'NR==n' notes.txt
awk 'BEGIN { printf "%d\n", 3 > 2 }'
awk 'length > 3' fruit.txt
awk '!seen[$0]++' fruit.txt
awk 'NR==FNR {a[$1]; next} $1 in a' fruit.txt fruit.txt
awk 'BEGIN {close("x"); fflush()}'
mawk '{print NF}' notes.txt
awk -W dump notes.txt
awk 'BEGIN {print "x" > "/dev/stderr"}'
awk 'BEGIN {print "a" "b" > "c" "d"}'
jq . data.json
jq '.items[].id' data.json
jq -r '.name' data.json
jq '.name = "x"' data.json
jq . data.json > out.json
jq -n 'input' data.json
jq --arg a b '$a' data.json
jq 'env.HOME' data.json
jq -n '[limit(3; repeat(1))]'
yq . settings.toml
python3 -c 'print(1)'
python3 -c 'import json; print(json.load(open("data.json"))["name"])'
python3 -c 'open("py.txt", "w").write("x")'
python3 -c 'import os; os.remove("notes.txt")'
python3 -c 'import os; os.system("touch by-py.txt")'
python3 -c 'import sys; print(sys.version)'
python3 -c '__import__("os").mkdir("by-import")'
python3 -c 'exec("open(\"e.txt\", \"w\")")'
python3 -c 'from pathlib import Path; Path("p.txt").touch()'
python3 -c 'from pathlib import Path; print(Path("notes.txt").read_text())'
python3 -c 'import shutil; shutil.rmtree("src")'
python3 -c 'import subprocess; subprocess.run(["touch", "sub.txt"])'
python3 -c 'import csv; print(list(csv.reader(open("people.csv"))))'
python3 -c 'print(open("notes.txt", mode="r").read())'
python3 -c 'open("notes.txt", "r+").write("x")'
python3 -c 'getattr(__import__("o" + "s"), "remove")("notes.txt")'
python3 -c 'import app'
python3 -c 'import sqlite3; sqlite3.connect("made.db").execute("create table t (a)")'
python3 -c 'import tempfile; print(tempfile.mkstemp(dir="."))'
python3 -m json.tool data.json
python3 -m json.tool data.json pretty.json
python3 -m py_compile src/app.py
python3 -m compileall -q src
python3 -m http.server --help
python3 -m zipfile -l all.zip
python3 -m zipfile -e all.zip out
python3 -m tarfile -l all.tar
python3 -m venv --help
python3 -m this
python3 -m calendar 2026
python3 --version
python3 -V
python3 src/app.py
python3 - <<< 'open("stdin.txt", "w")'
python3 <<< 'print(1)'
echo 'open("piped.txt", "w")' | python3
cd src && python3 -c 'import app'
python3 -W ignore -c 'print(1)'
python3 -c 'import logging; logging.basicConfig(filename="log.txt")'
python3 -c 'print(1)' --help
python3 -c 'open("helped.txt", "w")' --help
perl -e 'print 1'
perl -ne 'print if /apple/' fruit.txt
perl -pe 's/a/b/' fruit.txt
perl -pi -e 's/a/b/' fruit.txt
perl -i.bak -pe 's/a/b/' fruit.txt
perl -e 'unlink "notes.txt"'
perl -e 'open(F, ">perl.txt")'
perl -e 'system("touch by-perl.txt")'
perl -e '`touch tick.txt`'
perl -MFile::Copy -e 'copy("old.txt", "copied.txt")'
perl -lane 'print $F[0]' notes.txt
perl -v
node -e 'console.log(1)'
node -e 'require("fs").writeFileSync("node.txt", "x")'
node -p '1+1'
node --version
bc <<< '1+2'
dc -e '1 2 + p'
envsubst < notes.txt
openssl version
openssl dgst -sha256 notes.txt
openssl rand -hex 4
openssl rand -out rand.bin 4
openssl enc -base64 -in notes.txt
openssl enc -base64 -in notes.txt -out enc.txt
openssl genrsa -out key.pem 512
patch -p0 < change.patch
patch --dry-run -p0 < change.patch
make -n
make
make --version
gcc --version
gcc src/deep/main.c
gcc -E src/deep/main.c
gcc -fsyntax-only src/deep/main.c
"""

FINDING = r"""
find . -name '*.txt'
find . -type f | wc -l
find . -type f -newer notes.txt
find src -maxdepth 1 -print0 | xargs -0 ls -l
find . -name '*.txt' -delete
find . -name '*.txt' -exec cat {} \;
find . -name '*.txt' -exec rm {} \;
find . -name '*.txt' -exec grep -l apple {} +
find . -name '*.txt' -exec sh -c 'echo "$1"' _ {} \;
find . -name '*.txt' -exec sh -c 'touch "$1.done"' _ {} \;
find . -name '*.txt' -execdir mv {} {}.old \;
find . -name '*.txt' -ok rm {} \;
find . -empty -print
find . -size +1k -printf '%s %p\n'
find . -fprint found.txt
find . -fprintf found.txt '%p\n'
find . -fls found.txt
find . -name '*.txt' | xargs grep -l apple
find . -name '*.txt' | xargs rm -f
find . -name '*.txt' | while read -r f; do wc -l "$f"; done
find . -name '*.txt' | while read -r f; do touch "$f"; done
find . -type f -exec stat -c %s {} + | sort -n
find . -type l -ls
find . -perm -u+x -type f
find . -regex '.*\.txt' -quit
find . -name '*.txt' -print -o -delete
find . -exec env touch found.txt \;
find . -name notes.txt -exec bash -c 'cat "$0"' {} \;
find . -name notes.txt -exec sed -i s/a/b/ {} +
find . -name notes.txt -exec sort {} -o {} \;
find . -name notes.txt -exec tee {} \;
find $HOME -name '*.txt' 2>/dev/null
find . -name '*.txt' 2>errors.txt
xargs ls < fruit.txt
ls | xargs
ls *.txt | xargs -I{} cat {}
ls *.txt | xargs -I{} cp {} {}.bak
ls *.txt | xargs -n1 sh -c 'cat "$0"'
ls *.txt | xargs -n1 sh -c 'touch "$0.x"'
echo notes.txt | xargs rm
echo 'touch by-xargs.txt' | xargs -I{} sh -c '{}'
printf 'touch\nby-xargs2.txt\n' | xargs env
printf 'a\nb\n' | xargs -P2 mkdir
printf 'touch new3.txt' | xargs -I{} -n2 env
locate notes
"""

ARCHIVES = r"""
tar tf all.tar
tar -tvf all.tgz
tar xf all.tar -C docs
tar -xzf all.tgz -O
tar xOf all.tar src/app.py
tar cf new.tar src
tar czf - src | wc -c
tar cf - src > piped.tar
tar rf all.tar notes.txt
tar --delete -f all.tar docs
tar -uf all.tar src
tar -df all.tar
tar xf all.tar --to-command='cat > from-tar.txt'
tar tf all.tar --checkpoint=1 --checkpoint-action=exec='touch by-tar.txt'
tar tf all.tar -I 'touch by-filter.txt'
tar --list --file=all.tar
tar tf all.tar --index-file=index.txt
tar cf /dev/null src --remove-files
tar --help
gzip -l packed.txt.gz
gzip -c notes.txt | wc -c
gzip -k notes.txt
gzip notes.txt
gzip -t packed.txt.gz
gzip -dc packed.txt.gz
gunzip packed.txt.gz
gunzip -c packed.txt.gz
zcat packed.txt.gz
zless packed.txt.gz
xz -l squeezed.txt.xz
xz -dc squeezed.txt.xz
xz -d squeezed.txt.xz
xzcat squeezed.txt.xz
bzip2 -k notes.txt
bzip2 -c notes.txt
zstd -k notes.txt
zstd -c notes.txt
unzip -l all.zip
unzip -p all.zip src/app.py
unzip -o all.zip
unzip -d out all.zip
unzip -t all.zip
unzip -v all.zip
zip -r new.zip src
zip -sf all.zip
zip -T all.zip
zip -d all.zip src/app.py
zipinfo all.zip
ar t not-there.a
ar rc lib.a notes.txt
zip -T all.zip -TT 'touch by-zip.txt'
"""

GIT = r"""
git -C repo status
git -C repo status --short
git -C repo add -n .
git -C repo add --dry-run -A
git -C repo rm -n one.txt
git -C repo rm -rn --cached sub
git -C repo mv -n one.txt renamed.txt
git -C repo clean -n
git -C repo clean -nd
git -C repo clean -ndfx
git -C repo ls-remote --heads origin
git -C repo archive --format=zip HEAD
git -C repo request-pull v1 origin
git -C repo log --oneline
git -C repo log -p -1
git -C repo diff
git -C repo diff --stat HEAD~1
git -C repo diff --output=diff.txt
git -C repo diff --output diff2.txt
git -C repo show HEAD
git -C repo show HEAD:one.txt
git -C repo branch
git -C repo branch -a
git -C repo branch new-branch
git -C repo branch -d side
git -C repo branch --list 's*'
git -C repo branch --show-current
git -C repo branch -m main trunk
git -C repo branch --contains HEAD
git -C repo branch --edit-description
git -C repo tag
git -C repo tag -l 'v*'
git -C repo tag v2
git -C repo tag -d v1
git -C repo tag -n
git -C repo remote
git -C repo remote -v
git -C repo remote show origin
git -C repo remote add other /tmp/x
git -C repo remote get-url origin
git -C repo remote update
git -C repo remote prune origin
git -C repo fetch
git -C repo fetch --dry-run
git -C repo pull
git -C repo push
git -C repo push origin main
git -C repo push --dry-run origin main
git -C repo push -n origin main:refs/heads/other
git -C repo add .
git -C repo add -n .
git -C repo add --refresh .
git -C repo commit -am message
git -C repo commit --dry-run
git -C repo stash
git -C repo stash list
git -C repo stash show
git -C repo stash push -m x
git -C repo stash create
git -C repo checkout side
git -C repo checkout -- two.txt
git -C repo checkout -b fresh
git -C repo switch side
git -C repo restore two.txt
git -C repo reset --hard
git -C repo reset
git -C repo clean -n
git -C repo clean -fd
git -C repo rm one.txt
git -C repo rm -n one.txt
git -C repo mv one.txt uno.txt
git -C repo mv -n one.txt uno.txt
git -C repo merge side
git -C repo rebase side
git -C repo cherry-pick side
git -C repo revert HEAD --no-edit
git -C repo blame one.txt
git -C repo grep one
git -C repo grep -O'touch by-pager.txt' one
git -C repo ls-files
git -C repo ls-files -o --exclude-standard
git -C repo ls-tree HEAD
git -C repo ls-remote
git -C repo ls-remote origin
git -C repo ls-remote --upload-pack='touch up.txt;git-upload-pack' origin
git -C repo rev-parse HEAD
git -C repo rev-parse --show-toplevel
git -C repo rev-list --count HEAD
git -C repo describe --tags
git -C repo shortlog -sn HEAD
git -C repo reflog
git -C repo reflog expire --expire=now --all
git -C repo reflog delete HEAD@{0}
git -C repo cat-file -p HEAD
git -C repo cat-file -t HEAD
git -C repo cat-file --batch-check <<< HEAD
git -C repo hash-object one.txt
git -C repo hash-object -w two.txt
git -C repo config --list
git -C repo config user.name
git -C repo config user.name other
git -C repo config --get user.name
git -C repo config --unset core.bare
git -C repo config --global alias.st status
git -C repo config get user.name
git -C repo notes list
git -C repo notes add -m n
git -C repo worktree list
git -C repo worktree add ../tree
git -C repo worktree prune
git -C repo submodule status
git -C repo submodule
git -C repo bisect log
git -C repo bisect start
git -C repo archive HEAD | wc -c
git -C repo archive -o out.tar HEAD
git -C repo format-patch -1
git -C repo format-patch -1 --stdout
git -C repo bundle create b.bundle HEAD
git -C repo apply --check ../change.patch
git -C repo apply --stat ../change.patch
git -C repo gc
git -C repo fsck
git -C repo fsck --lost-found
git -C repo count-objects -v
git -C repo verify-pack -v x
git -C repo symbolic-ref HEAD
git -C repo symbolic-ref HEAD refs/heads/side
git -C repo update-ref refs/heads/x HEAD
git -C repo update-index --refresh
git -C repo update-index --assume-unchanged one.txt
git -C repo show-ref
git -C repo for-each-ref
git -C repo for-each-ref --format='%(refname)'
git -C repo merge-base main side
git -C repo name-rev HEAD
git -C repo diff-tree HEAD
git -C repo diff-index HEAD
git -C repo check-ignore loose.txt
git -C repo check-attr -a one.txt
git -C repo var GIT_EDITOR
git -C repo whatchanged -1
git -C repo range-diff side...main
git -C repo cherry side main
git -C repo log --output=log.txt
git -C repo log --graph --all --decorate | head
git -C repo -c alias.x='!touch by-alias.txt' x
git -C repo -c core.pager='touch paged.txt' --paginate log
git -C repo -c diff.external='touch ext.txt' diff
git -C repo -c core.fsmonitor='touch fsm.txt' status
git -C repo -c core.sshCommand='touch ssh.txt' ls-remote ssh://localhost/x
git --git-dir=repo/.git log --oneline
git --version
git help -a
git help
git init fresh
git clone repo cloned
git --exec-path
git -C repo --no-pager log -1
git -C repo mergetool
git -C repo difftool -x 'touch dt.txt' -y
git -C repo rev-parse --git-dir > where.txt
git -C repo instaweb
git -C repo maintenance run
git -C repo pack-refs
git -C repo prune -n
git -C repo prune
git -C repo repack
git -C repo rerere status
git -C repo sparse-checkout list
git -C repo write-tree
git -C repo read-tree HEAD
git -C repo commit-tree HEAD^{tree} -m x
git -C repo mktree < /dev/null
git -C repo mktag < /dev/null
git -C repo unpack-file HEAD:one.txt
git -C repo show-branch
git -C repo diff --no-index one.txt two.txt
git -C repo log -1 --format=%H
git -C repo interpret-trailers < one.txt
git -C repo stripspace < one.txt
git -C repo credential fill
git -C repo request-pull side origin
git -C repo send-email -1
cd repo && git status && git diff | head
cd repo && git stash && git stash pop
"""

DATA = r"""
sqlite3 shop.db 'select * from t'
sqlite3 shop.db .tables
sqlite3 shop.db .schema
sqlite3 -readonly shop.db 'select count(*) from t'
sqlite3 -json shop.db 'select * from t'
sqlite3 shop.db 'insert into t (name) values (1)'
sqlite3 shop.db 'delete from t'
sqlite3 shop.db 'drop table t'
sqlite3 shop.db 'vacuum'
sqlite3 shop.db 'pragma table_info(t)'
sqlite3 shop.db 'pragma user_version=3'
sqlite3 shop.db 'pragma journal_mode=wal'
sqlite3 shop.db '.dump'
sqlite3 shop.db '.output out.txt' 'select 1'
sqlite3 shop.db '.once out.txt' 'select 1'
sqlite3 shop.db '.shell touch by-sqlite.txt'
sqlite3 shop.db '.system touch by-sqlite.txt'
sqlite3 shop.db '.import people.csv p'
sqlite3 shop.db '.backup copy.db'
sqlite3 shop.db '.save copy.db'
sqlite3 shop.db '.clone copy.db'
sqlite3 shop.db '.read write.sed'
sqlite3 shop.db '.excel' 'select 1'
sqlite3 shop.db "select writefile('written.txt', 'x')"
sqlite3 shop.db "select readfile('notes.txt')"
sqlite3 shop.db "attach 'other.db' as o; create table o.t (a)"
sqlite3 shop.db 'select 1; delete from t'
sqlite3 shop.db 'with x as (select 1) insert into t (name) select * from x'
sqlite3 shop.db 'explain query plan select * from t'
sqlite3 shop.db < /dev/null
sqlite3 shop.db <<< 'update t set name = 2'
echo 'delete from t;' | sqlite3 shop.db
sqlite3 not-there.db 'select 1'
sqlite3 not-there.db .tables
sqlite3 :memory: 'select 1'
sqlite3 -cmd 'delete from t' shop.db 'select 1'
sqlite3 -init write.sed shop.db 'select 1'
sqlite3 shop.db 'begin; select * from t; commit'
sqlite3 shop.db "select load_extension('x')"
sqlite3 --version
curl --version
curl -s http://127.0.0.1:1/
curl -o out.html http://127.0.0.1:1/
curl -s file:///home/user/work/notes.txt
curl -s file:///home/user/work/notes.txt -o copied.txt
curl -O file:///home/user/work/docs/index.md
curl -s -D headers.txt file:///home/user/work/notes.txt
curl -s -c cookies.txt file:///home/user/work/notes.txt
curl -s --trace trace.txt file:///home/user/work/notes.txt
curl -s -K settings.toml file:///home/user/work/notes.txt
curl -s file:///home/user/work/notes.txt --stderr err.txt
curl -sw '%{http_code}' -o /dev/null file:///home/user/work/notes.txt
wget -q http://127.0.0.1:1/
wget -qO- http://127.0.0.1:1/
wget --spider http://127.0.0.1:1/
wget -O - http://127.0.0.1:1/
wget -o log.txt http://127.0.0.1:1/
wget --version
ssh -V
scp notes.txt copied.txt
dpkg -l | head
dpkg -L coreutils
apt list --installed
apt-cache policy bash
pip list
pip --version
pip install ./not-there
npm --version
npm ls
npm init -y
systemctl status
journalctl -n 1
docker ps
nm /bin/true
objdump -h /bin/true
readelf -h /bin/true
ldd /bin/true
strings /bin/true
objcopy notes.txt obj.o
strip not-there
gpg --version
gpg --list-keys
ss -tln
ip addr
ip link set lo up
crontab -l
at -l
"""

SCRIPTS = r"""
for f in *.txt; do wc -l "$f"; done
for f in *.txt; do mv "$f" "$f.old"; done
for i in 1 2 3; do echo $i; done > numbers.txt
while read -r l; do echo "$l"; done < fruit.txt
while read -r l; do echo "$l" >> out.txt; done < fruit.txt
i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done
if [ -f notes.txt ]; then cat notes.txt; fi
if [ -f notes.txt ]; then rm notes.txt; else echo none; fi
case $HOME in /home/*) echo home;; *) rm notes.txt;; esac
case x in y) rm notes.txt;; *) echo ok;; esac
f() { cat "$1"; }; f notes.txt
f() { rm "$1"; }; f notes.txt
f() { rm "$1"; }; echo not called
x=notes.txt; cat $x
x=notes.txt; rm $x
x=$(cat notes.txt); echo "$x" | head -1
x=rm; $x notes.txt
(cd src && ls)
(cd src && rm app.py)
{ ls; pwd; } | sort
{ ls; pwd; } > out.txt
ls && pwd || echo no
ls; pwd; date
ls & wait
echo $(ls | wc -l)
echo `date`
echo $((1 + 2))
echo "${HOME:-/none}"
echo ${x:=5}
cat <<EOF
hello $HOME
EOF
cat <<EOF > heredoc.txt
hello
EOF
cat <<'EOF' | sort
b
a
EOF
bash -c 'ls'
bash -c 'touch by-bash.txt'
bash -c "echo hi; rm notes.txt"
sh run.sh
./run.sh
bin/ls
PATH=bin:$PATH ls
PATH=$PWD/bin:$PATH; ls
export PATH=$PWD/bin:$PATH; ls
. ./run.sh
source run.sh
bash run.sh
bash < run.sh
cat run.sh | sh
echo 'touch piped.txt' | sh
echo dG91Y2ggYjY0LnR4dA== | base64 -d | sh
eval 'ls'
eval 'touch evaled.txt'
eval "$(echo touch evaled.txt)"
exec ls
exec > redirected.txt; ls
exec 3> three.txt; echo hi >&3
trap 'touch trapped.txt' EXIT
trap - EXIT
set -e; ls
set -x; ls
shopt -s nullglob; ls *.none
cd src; pwd
cd /tmp && touch there
pushd src; ls; popd
ls | tee >(cat > subst.txt) > /dev/null; sleep 0.05
cat <(ls)
cat <(touch procsub.txt)
read -r a < notes.txt; echo "$a"
mapfile -t lines < notes.txt; echo "${#lines[@]}"
a=(1 2 3); echo "${a[@]}"
printf '%s\n' {1..3}
touch {a,b}.new
ls {src,docs}
ls ~ > /dev/null
ls 2>/dev/null | head -1 > first.txt
ls >/dev/null 2>&1
alias ll='ls -l'
alias ls='touch aliased.txt'
true || touch never.txt
false && touch never.txt
! true
coproc cat notes.txt; wait
time sleep 0
[[ -f notes.txt && ! -f none ]] && echo yes
[[ $(cat fruit.txt) =~ apple ]] && echo match
((x = 1 + 1)); echo $x
let x=1; echo $x
until true; do touch never.txt; done
select x in a; do break; done <<< 1
declare -A m=([a]=1); echo "${m[a]}"
declare -p HOME
local x=1
readonly r=1; echo $r
unset HOME; ls
export FOO=bar; env | grep FOO
umask 077; ls
ulimit -n 100; ls
hash -r
type -a ls
command ls
command rm notes.txt
builtin echo hi
\ls
\rm notes.txt
'ls' -l
"rm" notes.txt
l's' -l
$'rm' notes.txt
r\m notes.txt
/bin/ls
/bin/rm notes.txt
/usr/bin/env ls
/usr/bin/env rm notes.txt
busybox rm notes.txt
sudo ls
sudo rm notes.txt
ls -l | awk '{print $5}' | sort -n | tail -1
ps aux | sort -rk 3 | head -5
du -h --max-depth=1 | sort -h
cat *.txt | tr ' ' '\n' | sort | uniq -c | sort -rn | head
history | tail
sleep 0.01 & touch background.txt; wait
( touch subshell.txt )
{ touch group.txt; }
shuf -n 2 fruit.txt
tee - < notes.txt
sort -o - fruit.txt
shuf -o - fruit.txt
uniq fruit.txt -
xxd fruit.txt -
find . -fprint -
cp fruit.txt -
python3 - <<< 'print(1)'
shuf -o mixed.txt fruit.txt
split notes.txt
mktemp -u
mktemp
tsort fruit.txt
sdiff old.txt new.txt
diff3 old.txt new.txt notes.txt
stty -a
tput cols
python3 -m json.tool data.json
python3 -m json.tool data.json out.json
python3 -m zipfile -l all.zip
python3 -m tarfile -l all.tar
python3 -m platform
python3 -m base64 -e notes.txt
python3 -m dis src/app.py
python3 -m ast src/app.py
python3 -c 'from pathlib import Path; print(sorted(p.name for p in Path(".").iterdir()))'
python3 -c 'from pathlib import Path; Path("old.txt").replace("older.txt")'
unzip -p all.zip src/app.py
awk '{print | "sort"}' fruit.txt
awk '{system("ls")}' fruit.txt
rsync -n -a src/ src2/
rsync -a src/ src2/
function g { touch fn.txt; }; g
test -e none || touch or.txt
test -e notes.txt && touch and.txt
yes n | rm -i notes.txt
cp notes.txt /tmp/; ls /tmp
echo 'x' > /etc/created
echo x > ~/in-home.txt
mkdir -p ~/.cache/thing
"""


def _split(text: str) -> list[str]:
    """One command a line; here-documents and texts that go on belong to the line they begin on."""
    found: list[str] = []
    wait = ""
    for line in text.strip("\n").split("\n"):
        if wait:
            found[-1] += "\n" + line
            if line.startswith(wait):
                wait = ""
            continue
        found.append(line)
        if "<<EOF" in line or "<<'EOF'" in line:
            wait = "EOF"
        elif line.endswith("i\\"):
            wait = "inserted"
        elif line.endswith("w out3.txt"):
            wait = "}"
    return found


COMMANDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        command for part in (FILES, TEXT, FINDING, ARCHIVES, GIT, DATA, SCRIPTS) for command in _split(part)
    )
)
"""Every command once, in order."""
