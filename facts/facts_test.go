package facts_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aymanbagabas/go-udiff"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/facts"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

var update = flag.Bool("update", false, "rewrite what the cases expect")

// A case in testdata is what a host's files say, in parts named by path ("-> target" makes a
// link), and the facts that follow from it, in facts.yml. The part addresses has a line
// "interface address/prefix broadcast scope [label]" for each address, route the address
// that leads outside, subset the words of gather_subset, environ the environment.
func TestGather(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the cases are of machines of another architecture")
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { gather(t, file) })
	}
}

func gather(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	h := &fakeHost{Machine: machine.New(machine.Options{Root: root})}
	defer h.Close()
	subset, expected := []string{"all"}, -1
	for i, part := range archive.Files {
		text := string(part.Data)
		switch part.Name {
		case "facts.yml":
			expected = i
		case "subset":
			subset = strings.Fields(text)
		case "addresses":
			h.addresses = addresses(t, text)
		case "route":
			h.route = strings.TrimSpace(text)
		case "environ":
			h.environ = strings.Split(strings.TrimSpace(text), "\n")
		default:
			put(t, root, part.Name, part.Data)
		}
	}
	found, warnings, err := facts.Gather(context.Background(), h, facts.Options{
		Subset: subset, Timeout: time.Second, LocalDirs: []string{"/etc/ansible/facts.d", "/etc/gdeploy/facts.d"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := string(yaml.Layout{KeepOrder: true, Width: -1}.Marshal(values.FromMap(found)))
	for _, w := range warnings {
		got += "# warning: " + strings.ReplaceAll(strings.ReplaceAll(w, root, ""), "\n", " ") + "\n"
	}
	got = strings.ReplaceAll(got, root, "")
	if expected < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: "facts.yml"})
		expected = len(archive.Files) - 1
	}
	want := string(archive.Files[expected].Data)
	if got == want {
		return
	}
	if !*update {
		t.Fatal(udiff.Unified("expected", "found", want, got))
	}
	archive.Files[expected].Data = []byte(got)
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// put makes a file, a link or a directory of a part's name.
func put(t *testing.T, root, name string, content []byte) {
	t.Helper()
	name, target, isLink := strings.Cut(name, " -> ")
	name, mode, _ := strings.Cut(name, " ")
	at := filepath.Join(root, name)
	err := os.MkdirAll(filepath.Dir(at), 0o755)
	switch {
	case isLink:
		err = errors.Join(err, os.Symlink(target, at))
	case strings.HasSuffix(name, "/"):
		err = errors.Join(err, os.MkdirAll(at, 0o755))
	case mode == "(0755)":
		err = errors.Join(err, os.WriteFile(at, content, 0o755))
	default:
		err = errors.Join(err, os.WriteFile(at, content, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func addresses(t *testing.T, text string) []modules.Address {
	t.Helper()
	var list []modules.Address
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		prefix, err := netip.ParsePrefix(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		a := modules.Address{Interface: fields[0], Label: fields[0], IP: prefix.Addr().AsSlice(), Prefix: prefix.Bits(), Scope: fields[3]}
		if b, err := netip.ParseAddr(fields[2]); err == nil {
			a.Broadcast = b.AsSlice()
		}
		if len(fields) > 4 {
			a.Label, a.Secondary = fields[4], true
		}
		list = append(list, a)
	}
	return list
}

// fakeHost is a machine of files, with the rest told by the case.
type fakeHost struct {
	*machine.Machine
	environ   []string
	addresses []modules.Address
	route     string
}

func (h *fakeHost) Now() time.Time {
	return time.Date(2024, 1, 31, 12, 5, 9, 123456000, time.FixedZone("CET", 3600))
}

func (h *fakeHost) Self() modules.User {
	return modules.User{Name: "deploy", UID: 1000, GID: 1000, Gecos: "Deploy,,,", Home: "/home/deploy", Shell: "/bin/bash"}
}
func (h *fakeHost) Environ() []string                     { return h.environ }
func (h *fakeHost) Addresses() ([]modules.Address, error) { return h.addresses, nil }
func (h *fakeHost) LookPath(name string) (string, error) {
	for _, dir := range []string{"/usr/bin", "/sbin"} {
		if _, err := h.Stat(dir + "/" + name); err == nil {
			return dir + "/" + name, nil
		}
	}
	return "", os.ErrNotExist
}

func (h *fakeHost) Query(_ context.Context, c modules.Command) (modules.Output, error) {
	text, err := modules.ReadFile(h, c.Argv[0], 1<<20)
	if err != nil {
		return modules.Output{}, err
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if code, ok := strings.CutPrefix(first, "exit "); ok {
		rc, err := strconv.Atoi(code)
		return modules.Output{RC: rc, Stderr: rest}, err
	}
	return modules.Output{Stdout: string(text)}, nil
}

func (h *fakeHost) Volume(string) (modules.Volume, error) {
	return modules.Volume{BlockSize: 4096, Blocks: 1000, BlocksFree: 500, BlocksAvailable: 400, Inodes: 100, InodesFree: 60, SizeTotal: 4096000, SizeAvailable: 1638400}, nil
}

func (h *fakeHost) Dial(_ context.Context, network, _ string) (net.Conn, error) {
	if network != "udp4" || h.route == "" {
		return nil, errors.New("network is unreachable")
	}
	return fakeConn{local: h.route}, nil
}

type fakeConn struct {
	net.Conn
	local string
}

func (c fakeConn) Close() error        { return nil }
func (c fakeConn) LocalAddr() net.Addr { return fakeAddr(c.local + ":40000") }

type fakeAddr string

func (fakeAddr) Network() string  { return "udp" }
func (a fakeAddr) String() string { return string(a) }

// Which collectors a subset means was compared with ansible-core 2.14.
func TestChoose(t *testing.T) {
	for _, c := range []struct{ subset, with, without string }{
		{"all", "platform hardware network virtual loadavg local", ""},
		{"", "platform hardware", ""},
		{"min", "platform env local", "hardware network virtual loadavg chroot"},
		{"network", "network platform env", "hardware virtual"},
		{"!all", "platform env", "hardware loadavg"},
		{"!all !min network", "network platform distribution", "env user hardware"},
		{"!all !min default_ipv4", "network", "env"},
		{"!all !min", "", "platform env user hardware"},
		{"!hardware", "platform env", "hardware network loadavg"},
		{"all !hardware", "network env", "hardware"},
		{"all !processor", "hardware", ""},
		{"all !user", "hardware", "user"},
		{"all !min", "hardware user platform", "env cmdline dns"},
		{"hardware !hardware", "hardware", "network"},
		{"virtual !virtualization_role !min !all", "virtual", "env"},
		{"!facter !ohai", "platform", "hardware"},
		{"!all !min service_mgr", "service_mgr platform distribution", "user"},
	} {
		chosen, err := facts.Choose(strings.Fields(c.subset))
		if err != nil {
			t.Errorf("%q: %v", c.subset, err)
		}
		for _, name := range strings.Fields(c.with) {
			if !chosen[name] {
				t.Errorf("%q leaves out %s", c.subset, name)
			}
		}
		for _, name := range strings.Fields(c.without) {
			if chosen[name] {
				t.Errorf("%q takes %s", c.subset, name)
			}
		}
	}
}

func TestChooseRefuses(t *testing.T) {
	for _, subset := range []string{"bogus", "!bogus", "facter", "ohai", "hostname"} {
		if _, err := facts.Choose([]string{subset}); err == nil {
			t.Errorf("%q is taken", subset)
		}
	}
}

func ExampleSubsets() {
	fmt.Println(facts.Subsets()[:3])
	// Output: [all all_ipv4_addresses all_ipv6_addresses]
}

// deadHost is a machine whose file server does not answer.
type deadHost struct{ *fakeHost }

func (deadHost) Volume(string) (modules.Volume, error) { select {} }

func TestAServerThatDoesNotAnswerHoldsUpNobody(t *testing.T) {
	root := t.TempDir()
	put(t, root, "proc/self/mounts", []byte("nas:/x /nfs nfs4 rw 0 0\n"))
	h := deadHost{&fakeHost{Machine: machine.New(machine.Options{Root: root})}}
	defer h.Close()
	found, _, err := facts.Gather(t.Context(), h, facts.Options{Subset: []string{"!all", "!min", "mounts"}, Timeout: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	mounts, _ := found.Get("ansible_mounts")
	if note, _ := mounts.Items()[0].Get("note"); !strings.HasPrefix(values.Text(note), "Timed out") {
		t.Errorf("got %s", values.JSON(mounts))
	}
}
