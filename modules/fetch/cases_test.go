package fetch_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/fetch"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/slurp"
	"github.com/gdeploy/gdeploy/modules/stat"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, fetch.Spec) }

// host is a directory that plays the host.
type host struct {
	dir string
	// lie, if set, is what the host says that a file contains.
	lie string
	// at, if set, is where the host says that a file lies.
	at string
}

// Call runs the two modules that fetch needs.
func (h host) Call(ctx context.Context, module string, args values.Value) (modules.Reply, error) {
	spec := map[string]modules.Spec{"stat": stat.Spec, "slurp": slurp.Spec}[module]
	there := machine.New(machine.Options{Root: h.dir})
	defer there.Close()
	reply := modules.Perform(ctx, spec, modules.Call{Module: module, Args: args}, there)
	if m, ok := reply.Data.AsMap(); ok && h.lie != "" && module == "slurp" {
		m.Set("content", values.String(h.lie))
	}
	if about, ok := reply.Data.Get("stat"); ok && h.at != "" {
		m, _ := about.AsMap()
		m.Set("path", values.String(h.at))
	}
	return reply, nil
}

// Offer is not asked for.
func (host) Offer(string) (values.Value, error) { return values.Null, nil }

// variables are those that say where a file goes.
type variables map[string]string

// Condition is not asked for.
func (variables) Condition(values.Value) (bool, error) { return false, nil }

// Evaluate looks a name up.
func (v variables) Evaluate(name string) (values.Value, error) { return values.String(v[name]), nil }

func TestFetch(t *testing.T) {
	for _, c := range []struct {
		name, file    string // where the file must arrive, if it does
		args          values.Value
		lie           string
		changed       bool
		failed, again bool
		msg           string
	}{
		{name: "below the host's name", args: values.MapOf("src", values.String("/etc/motd"), "dest", values.String("got")), file: "got/app1/etc/motd", changed: true, again: true},
		{name: "flat", args: values.MapOf("src", values.String("/etc/motd"), "dest", values.String("got/m"), "flat", values.True), file: "got/m", changed: true},
		{name: "flat into a directory", args: values.MapOf("src", values.String("/etc/motd"), "dest", values.String("got/"), "flat", values.True), file: "got/motd", changed: true},
		{name: "flat onto a directory", args: values.MapOf("src", values.String("/etc/motd"), "dest", values.String("."), "flat", values.True), failed: true,
			msg: "dest is an existing directory, use a trailing slash if you want to fetch src into that directory"},
		{name: "missing", args: values.MapOf("src", values.String("/none"), "dest", values.String("got")), failed: true, msg: "the remote file does not exist, not transferring, ignored"},
		{name: "missing and no matter", args: values.MapOf("src", values.String("/none"), "dest", values.String("got"), "fail_on_missing", values.False), msg: "the remote file does not exist, not transferring, ignored"},
		{name: "a directory", args: values.MapOf("src", values.String("/etc"), "dest", values.String("got")), failed: true, msg: "remote file is a directory, fetch cannot work on directories"},
		{name: "damaged on its way", args: values.MapOf("src", values.String("/etc/motd"), "dest", values.String("got")), lie: "bGll", failed: true, msg: "checksum mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			there, here := t.TempDir(), t.TempDir()
			write(t, filepath.Join(there, "etc/motd"), "hello\n")
			perform := func() modules.Reply {
				controller := machine.New(machine.Options{})
				defer controller.Close()
				return modules.Perform(t.Context(), fetch.Spec, modules.Call{Module: "fetch", Args: c.args}, controller,
					modules.WithHost(host{there, c.lie, ""}), modules.WithEvaluator(variables{"playbook_dir": here, "inventory_hostname": "app1"}))
			}
			reply := perform()
			if reply.Changed != c.changed || reply.Failed != c.failed || reply.Msg != c.msg {
				t.Errorf("changed %v, failed %v: %s", reply.Changed, reply.Failed, reply.Msg)
			}
			if c.file != "" {
				if text, err := os.ReadFile(filepath.Join(here, c.file)); string(text) != "hello\n" {
					t.Errorf("%s holds %q (%v)", c.file, text, err)
				}
			}
			if again := perform(); c.again && again.Changed {
				t.Error("a second run brings it again")
			}
		})
	}
}

// A host that was broken into does not choose where its files go here.
func TestAHostCannotLeadFetchAstray(t *testing.T) {
	for _, flat := range []bool{false, true} {
		for _, at := range []string{"/../../../evil", "../../evil", "/.."} {
			there, here := t.TempDir(), t.TempDir()
			write(t, filepath.Join(there, "etc/motd"), "hello\n")
			controller := machine.New(machine.Options{})
			defer controller.Close()
			args := values.MapOf("src", values.String("/etc/motd"), "dest", values.String("a/got/"), "flat", values.Bool(flat))
			modules.Perform(t.Context(), fetch.Spec, modules.Call{Module: "fetch", Args: args}, controller,
				modules.WithHost(host{there, "", at}), modules.WithEvaluator(variables{"playbook_dir": here, "inventory_hostname": "app1"}))
			for _, dir := range []string{here, filepath.Join(here, "a")} {
				entries, err := os.ReadDir(dir)
				if err == nil && len(entries) > 0 && (len(entries) > 1 || !entries[0].IsDir()) {
					t.Errorf("%s (flat %v): it wrote %v", at, flat, entries)
				}
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(here), "evil")); err == nil {
				t.Errorf("%s (flat %v): it wrote outside", at, flat)
			}
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
