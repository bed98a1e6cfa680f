"""The tree that commands run on: texts, archives, a repository with a remote, a database, links, scripts."""

from __future__ import annotations

from shipped_rules import WORKSPACE

SETUP = rf"""
set -e
export HOME=/home/user
mkdir -p {WORKSPACE} /home/user/.config && cd {WORKSPACE}
mkdir -p src/deep docs bin logs empty 'with blank'
for n in 1 2 3 4 5 6 7 8 9 10; do echo "line $n of notes, with some words" >> notes.txt; done
printf 'pear\napple\nfig\napple\n' > fruit.txt
printf 'name,age,city\nann,31,Oslo\nbob,22,Rome\ncy,45,Bern\n' > people.csv
printf '{{"name": "demo", "items": [{{"id": 1, "on": true}}, {{"id": 2, "on": false}}]}}\n' > data.json
printf '[tool]\nkey = "value"\n' > settings.toml
printf 'import os\n\n\ndef main():\n    print("hello")  # TODO: more\n' > src/app.py
printf 'int main(void) {{ return 0; }}\n' > src/deep/main.c
printf '# Title\n\nText.\n' > docs/index.md
printf '2026-01-01 INFO start\n2026-01-01 ERROR broken\n2026-01-02 INFO end\n' > logs/app.log
printf '#!/bin/sh\necho ran > ran.txt\n' > run.sh; chmod +x run.sh
printf '#!/bin/sh\necho ran > ran.txt\n' > bin/ls; chmod +x bin/ls; cp bin/ls bin/uname
printf 'all:\n\techo built > built.txt\n' > Makefile
printf 'w copied.txt\n' > write.sed
printf 'BEGIN {{ print "x" > "from-awk.txt" }}\n' > write.awk
printf 'old\nlines\n' > old.txt; printf 'new\nlines\n' > new.txt
diff -u old.txt new.txt > change.patch || true
ln -s notes.txt link.txt; ln -s nowhere dangling; ln -s src linked
echo secret > 'with blank/a file.txt'; echo dash > ./-dash.txt
tar cf all.tar src docs; tar czf all.tgz src docs; cp notes.txt packed.txt; gzip -n packed.txt
cp fruit.txt squeezed.txt; xz squeezed.txt
zip -qr all.zip src docs
sqlite3 shop.db 'create table t (id integer primary key, name text);
insert into t (name) values ("a"), ("b");'
mkdir -p repo && cd repo
git config --global user.name user; git config --global user.email user@example.org
git config --global init.defaultBranch main; git config --global gc.auto 0
# Sizes and times alone say whether a file changed: inodes differ on each layer.
git config --global core.checkStat minimal; git config --global core.trustctime false
git init -q . ; echo one > one.txt; echo two > two.txt; mkdir sub; echo three > sub/three.txt
touch -d '2 days ago' one.txt two.txt sub/three.txt sub .
git add . ; git commit -qm first; git tag v1; git branch side
echo more >> one.txt; touch -d '1 day ago' one.txt; git commit -qam second
git init -q --bare /home/user/remote.git
git remote add origin /home/user/remote.git; git push -q origin main side
echo changed >> two.txt; touch -d '1 hour ago' two.txt; echo loose > loose.txt
git stash list > /dev/null; git status > /dev/null
cd ..; find . -path ./repo/.git -prune -o -type f -exec touch -h -d '3 hours ago' {{}} +
(cd repo && git update-index -q --refresh || true; git status > /dev/null)
"""
"""A bash script that makes the tree below `WORKSPACE`, owned by the user of the throw-away root."""
