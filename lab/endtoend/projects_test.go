//go:build lab

package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shopRepositories makes, in /deploy/src/git, the project shop with a submodule theme beside it, and the project of its configuration.
const shopRepositories = `
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
rm -rf /deploy/src/git /deploy/tmp/shop-sources
mkdir -p /deploy/src/git /deploy/tmp/shop-sources
cd /deploy/tmp/shop-sources
for project in theme shop settings; do git init -q -b main $project; done
echo blue >theme/color
git -C theme add . && git -C theme commit -qm theme
git clone -q --bare theme /deploy/src/git/theme.git
echo page >shop/page
printf 'host=\npool=\n' >shop/config.sample
git -C shop -c protocol.file.allow=always submodule --quiet add /deploy/src/git/theme.git theme
git -C shop config -f .gitmodules submodule.theme.url ../theme.git
git -C shop add . && git -C shop commit -qm shop
git clone -q --bare shop /deploy/src/git/shop.git
mkdir -p settings/base settings/env/prod settings/env/test-func
printf 'host={{ inventory_hostname }}\npool={{ pool }}\n' >settings/base/app.conf.j2
for e in prod test-func; do echo "of=$e" >settings/env/$e/where.conf; done
git -C settings add . && git -C settings commit -qm one && git -C settings tag ten
printf 'host={{ inventory_hostname }}\n' >settings/base/app.conf.j2
git -C settings commit -qam two
git clone -q --bare settings /deploy/src/git/settings.git
rm -rf /deploy/tmp/shop-sources
chown -R www:www /deploy/src/git`

// shopInventory has n4 as the functional test, and n5 as production of a shop without balancer and service.
const shopInventory = `
[test_func]
n4 ansible_host=192.168.56.14
[prod]
n5 ansible_host=192.168.56.15
[web:children]
test_func
prod
[all:vars]
ansible_user=deploy
app=gitshop
restart=none
health_url=
lb_driver=none
pool=7
[test_func:vars]
deploy_environment=test-func
[prod:vars]
deploy_environment=prod
`

// shop is the inventory of the project shop, which is gone from the lab after the test.
func shop(t *testing.T) (inventory string) {
	t.Helper()
	labUp(t)
	inLab(t, shopRepositories, "bash", "-euo", "pipefail", "-s")
	t.Cleanup(func() {
		for _, h := range []string{"n4", "n5"} {
			onHost(t, h, "rm -rf /webroot/gitshop /opt/webroot/gitshop_* /var/lib/gdeploy/releases/gitshop")
		}
		inLab(t, "", "sh", "-c", "rm -rf /deploy/tar/gitshop_* /deploy/code/gitshop* /deploy/config/gitshop /deploy/src/git /deploy/deploy_key /deploy/.ssh")
	})
	return write(t, "hosts.ini", shopInventory)
}

// shopFile reads a file of the shop that is live on a host.
func shopFile(t *testing.T, host, name string) string {
	t.Helper()
	target, err := os.Readlink(hostFile(host, "/webroot/gitshop"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(read(t, hostFile(host, filepath.Join(target, name)))))
}

func TestGitByDeployKeyWithSubmodulesAndAProjectOfConfiguration(t *testing.T) {
	hosts := shop(t)
	server, key := gitOverSSH(t, controllerFile("/deploy/src/git"))
	inLab(t, string(key), "install", "-o", "www", "-m", "0600", "/dev/stdin", "/deploy/deploy_key")
	project := func(name string) string { return "ssh://git@" + server + "/" + name + ".git" }
	args := []string{"play", "deploy.yml", "-i", hosts, "-l", "n4", "-e", "git_key_file=/deploy/deploy_key", "-e", "repo=" + project("shop"), "-e", "config_repo=" + project("settings")}
	gdeploy(t, args...).exits(t, 2).says(t, "known_hosts", "accept_newhostkey: true").saysNot(t, "TASK [stock : Send the code]")
	args = append(args, "-e", "git_accept_newhostkey=yes")
	// The newest configuration lacks a key that the code's config.sample has.
	gdeploy(t, args...).exits(t, 2).says(t, "config.sample", "pool").saysNot(t, "TASK [stock : Send the code]")
	gdeploy(t, append(args, "-e", "config_version=ten", "-e", "release_name=first")...).exits(t, 0)
	for name, want := range map[string]string{"page": "page", "theme/color": "blue", "app.conf": "host=n4\npool=7", "where.conf": "of=test-func"} {
		if got := shopFile(t, "n4", name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"app.conf.j2", "config.sample", ".git", "theme/.git"} {
		if _, err := os.Lstat(hostFile("n4", "/opt/webroot/gitshop_first/"+name)); err == nil {
			t.Errorf("%s went along", name)
		}
	}
	if ledger := string(read(t, hostFile("n4", "/var/lib/gdeploy/releases/gitshop/ledger.jsonl"))); !strings.Contains(ledger, `"config_revision":"`) {
		t.Errorf("the configuration's revision is not in the ledger\n%s", ledger)
	}
}

func TestPromoteTakesTheSameArchiveWithTheOtherConfiguration(t *testing.T) {
	hosts := shop(t)
	const password = "hunter2-hunter2"
	server, served := gitOverHTTP(t, controllerFile("/deploy/src/git"), "deployer", password)
	vault := write(t, "vault-password", "open sesame\n")
	secrets := write(t, "secrets.yml", "git_password: "+password+"\n")
	gdeploy(t, "vault", "encrypt", secrets, "--vault-password-file", vault).exits(t, 0)
	project := func(name string) string { return "http://" + server + "/" + name + ".git" }
	args := []string{"-i", hosts, "-e", "repo=" + project("shop"), "-e", "config_repo=" + project("settings"), "-e", "config_version=ten", "-e", "git_username=deployer"}
	deployed := func(more ...string) result {
		return gdeploy(t, append(append([]string{"play", "deploy.yml", "-l", "test_func"}, args...), more...)...)
	}
	deployed("-e", "git_password=wrong").exits(t, 2).says(t, "wants a user and password, or others than these").saysNot(t, password)
	withVault := []string{"-e", "@" + secrets, "--vault-password-file", vault}
	deployed(append(withVault, "-e", "release_name=passed", "-vvv")...).exits(t, 0).saysNot(t, password)
	if len(served()) == 0 {
		t.Error("nothing was fetched over http")
	}
	if kept := inLab(t, "", "sh", "-c", "cat /deploy/code/gitshop/.git/config /deploy/config/gitshop/.git/config"); strings.Contains(kept, password) {
		t.Errorf("git keeps the password:\n%s", kept)
	}
	promoted := append(append([]string{"promote", "--from", "test_func", "--to", "prod"}, args...), withVault...)
	gdeploy(t, promoted...).exits(t, 0).says(t, "passed passed on test_func; its code is ")
	sums := map[string]bool{}
	for host, want := range map[string]string{"n4": "of=test-func", "n5": "of=prod"} {
		if got := shopFile(t, host, "where.conf"); got != want {
			t.Errorf("%s has the configuration %q, want %q", host, got, want)
		}
		sums[codeSum(t, host)] = true
	}
	if len(sums) != 1 || sums[""] {
		t.Errorf("the code of the two environments is %v", sums)
	}
	// Two releases side by side, and what somebody did by hand.
	deployed(append(withVault, "-e", "release_name=other", "-e", "redeploy=yes", "-e", `{"build_command": "echo better >page"}`)...).exits(t, 0)
	gdeploy(t, "diff", "passed", "other", "-i", hosts, "-l", "test_func", "-D").exits(t, 0).says(t, "M page", "+better").saysNot(t, "color")
	replace(t, hostFile("n4", "/opt/webroot/gitshop_other/page"), []byte("by hand\n"))
	gdeploy(t, promoted...).exits(t, 1).says(t, "on n4 its files were changed: page differs")
}

// codeSum is the sha256 of the code archive that a host's ledger has of what is live there.
func codeSum(t *testing.T, host string) string {
	t.Helper()
	return onHost(t, host, `grep '"event":"staged"' /var/lib/gdeploy/releases/gitshop/ledger.jsonl | tail -n 1 | sed -n 's/.*"code":"\([0-9a-f]*\)".*/\1/p'`)
}
