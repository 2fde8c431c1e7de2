//go:build lab

package user_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/group"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/user"
	"github.com/gdeploy/gdeploy/values"
)

func str(s string) values.Value { return values.String(s) }

// run runs a program of the host and gives what it prints.
func run(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v: %s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

// twice runs a call in check mode, for real, and again.
func twice(t *testing.T, spec modules.Spec, pairs ...any) modules.Reply {
	t.Helper()
	foreseen := moduletest.Perform(t, spec, true, pairs...)
	did := moduletest.Perform(t, spec, false, pairs...)
	again := moduletest.Perform(t, spec, false, pairs...)
	if foreseen.Failed || !foreseen.Changed || did.Failed || !did.Changed || again.Failed || again.Changed {
		t.Errorf("%v\nforeseen: %+v\ndid: %+v\nagain: %+v", pairs, foreseen, did, again)
	}
	return did
}

const hash = "$6$abcdefgh$RqmqvXJ1Cx8m5Rzj7BOUEOCHq0Uv5OhrSD2QeYuT9zzYcvsgbGUw3Ncs4qNkVNWy0MnLoh3wHMR/1LJE1rJBT/"

func TestUsersAndGroups(t *testing.T) {
	if !moduletest.Inside(t, "n9") {
		return
	}
	defer exec.Command("sh", "-c", "userdel -rf mtest; groupdel mtest; groupdel mtest2").Run()

	twice(t, group.Spec, "name", str("mtest"), "gid", values.Int(4711))
	twice(t, group.Spec, "name", str("mtest"), "gid", values.Int(4712))
	twice(t, group.Spec, "name", str("mtest2"), "system", values.True)

	did := twice(t, user.Spec, "name", str("mtest"), "uid", values.Int(4711), "group", str("mtest"), "shell", str("/bin/sh"),
		"comment", str("A Tester"), "groups", str("mtest2,adm"), "password", str(hash))
	for _, c := range did.Changes {
		if strings.Contains(c.Path, "$6$") {
			t.Errorf("the hash is recorded: %s", c.Path)
		}
	}
	if uid, _ := did.Data.Get("uid"); values.Text(uid) != "4711" {
		t.Errorf("result: %s", values.JSON(did.Data))
	}
	if got := run(t, "getent", "passwd", "mtest"); got != "mtest:x:4711:4712:A Tester:/home/mtest:/bin/sh" {
		t.Error(got)
	}
	if got := run(t, "getent", "shadow", "mtest"); !strings.HasPrefix(got, "mtest:"+hash+":") {
		t.Error(got)
	}
	if got := run(t, "stat", "-c", "%U:%G", "/home/mtest/.profile"); got != "mtest:mtest" {
		t.Error(got)
	}

	name := []any{"name", str("mtest")}
	twice(t, user.Spec, append(name, "groups", str("mtest2"))...)
	twice(t, user.Spec, append(name, "groups", str("adm"), "append", values.True)...)
	if got := run(t, "id", "-Gn", "mtest"); got != "mtest adm mtest2" {
		t.Error(got)
	}
	twice(t, user.Spec, append(name, "groups", str(""))...)
	twice(t, user.Spec, append(name, "home", str("/srv/mtest"), "move_home", values.True)...)
	if _, err := os.Stat("/srv/mtest/.profile"); err != nil {
		t.Error(err)
	}
	twice(t, user.Spec, append(name, "expires", values.Float(1893456000))...)
	if got := run(t, "chage", "-l", "mtest"); !strings.Contains(got, "Jan 01, 2030") {
		t.Error(got)
	}
	twice(t, user.Spec, append(name, "expires", values.Float(-1))...)
	twice(t, user.Spec, append(name, "password_expire_max", values.Int(90), "password_expire_min", values.Int(1))...)
	twice(t, user.Spec, append(name, "password_lock", values.True)...)
	twice(t, user.Spec, append(name, "password_lock", values.False)...)
	twice(t, user.Spec, append(name, "password", str("*"))...)
	kept := moduletest.Perform(t, user.Spec, false, append(name, "password", str(hash), "update_password", str("on_create"))...)
	if kept.Changed {
		t.Errorf("update_password: on_create changed it: %+v", kept.Changes)
	}
	key := twice(t, user.Spec, append(name, "generate_ssh_key", values.True, "ssh_key_type", str("ed25519"))...)
	if public, _ := key.Data.Get("ssh_public_key"); !strings.HasPrefix(values.Text(public), "ssh-ed25519 AAAA") {
		t.Errorf("key: %s", values.JSON(key.Data))
	}
	if got := run(t, "stat", "-c", "%U %a", "/srv/mtest/.ssh/id_ed25519", "/srv/mtest/.ssh"); got != "mtest 600\nmtest 700" {
		t.Error(got)
	}
	if err := os.RemoveAll("/srv/mtest"); err != nil {
		t.Fatal(err)
	}
	twice(t, user.Spec, name...)
	if got := run(t, "stat", "-c", "%U:%G", "/srv/mtest", "/srv/mtest/.profile"); got != "mtest:mtest\nmtest:mtest" {
		t.Error(got)
	}
	twice(t, user.Spec, append(name, "state", str("absent"), "remove", values.True)...)
	if _, err := os.Stat("/srv/mtest"); err == nil {
		t.Error("remove left the home directory")
	}
	twice(t, group.Spec, "name", str("mtest2"), "state", str("absent"))
	twice(t, group.Spec, "name", str("mtest")) // userdel has taken the group of that name along
	twice(t, user.Spec, "name", str("mtest"), "create_home", values.False, "home", str("/webroot"), "shell", str("/usr/sbin/nologin"), "group", str("mtest"))
}

func TestMistakesOfUsersAndGroups(t *testing.T) {
	if !moduletest.Inside(t, "n9") {
		return
	}
	for name, c := range map[string]struct {
		spec  modules.Spec
		pairs []any
		want  string
	}{
		"unknown group":        {user.Spec, []any{"name", str("deploy"), "groups", str("nope")}, "Group nope does not exist"},
		"unknown first group":  {user.Spec, []any{"name", str("deploy"), "group", str("nope")}, "Group nope does not exist"},
		"unknown group of new": {user.Spec, []any{"name", str("mtest3"), "group", str("nope")}, "group 'nope' does not exist"},
		"uid taken":            {user.Spec, []any{"name", str("mtest3"), "uid", values.Int(0)}, "UID 0 is not unique"},
		"gid taken":            {group.Spec, []any{"name", str("mtest3"), "gid", values.Int(0)}, "GID '0' already exists"},
		"name":                 {user.Spec, []any{"name", str("-x")}, `"-x" is no name of a user`},
		"hash":                 {user.Spec, []any{"name", str("x"), "password", str("a:b")}, "password is a crypt hash"},
		"append":               {user.Spec, []any{"name", str("x"), "append", values.True}, `append needs the parameter "groups"`},
		"local":                {user.Spec, []any{"name", str("x"), "local", values.True}, `Unsupported parameters for (user) module: local`},
		"primary group":        {group.Spec, []any{"name", str("deploy"), "state", str("absent")}, "cannot remove the primary group of user 'deploy'"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := moduletest.Perform(t, c.spec, false, c.pairs...); !r.Failed || !strings.Contains(r.Msg, c.want) {
				t.Errorf("failed %v: %s\nwant %s", r.Failed, r.Msg, c.want)
			}
		})
	}
}
