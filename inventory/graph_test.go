package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/values"
)

func load(t testing.TB, ini string) *inventory.Inventory {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hosts.ini")
	if err := os.WriteFile(path, []byte(ini), 0o644); err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Load(context.Background(), []string{path}, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func hostNames(hosts []*inventory.Host) string {
	names := make([]string, len(hosts))
	for i, host := range hosts {
		names[i] = host.Name
	}
	return strings.Join(names, " ")
}

func TestAddHost(t *testing.T) {
	inv := load(t, "[web]\nh1 a=1\n")
	vars := values.NewMap(1)
	vars.Set("b", values.Int(2))
	host, changed := inv.AddHost("h2", vars, "web", "fresh")
	if !changed || hostNames(inv.Group("web").Hosts()) != "h1 h2" || hostNames(inv.Group("fresh").Hosts()) != "h2" {
		t.Errorf("h2 is not where it belongs (changed: %v)", changed)
	}
	if got := host.GroupNames(); !slices.Equal(got, []string{"fresh", "web"}) {
		t.Errorf("h2 is in %v", got)
	}
	if _, changed = inv.AddHost("h2", vars, "web"); changed {
		t.Error("adding it again changed something")
	}
	lone, _ := inv.AddHost("lone", nil)
	if got := lone.GroupNames(); !slices.Equal(got, []string{"ungrouped"}) {
		t.Errorf("lone is in %v", got)
	}
	if _, changed = inv.AddHost("lone", nil, "web"); !changed || hostNames(inv.Group("ungrouped").Hosts()) != "" {
		t.Error("lone did not leave ungrouped")
	}
	if got := hostNames(inv.Hosts()); got != "h2 lone h1" {
		t.Errorf("all hosts are %s", got)
	}
	merged, err := inv.Vars(host)
	if b, _ := merged.Get("b"); err != nil || values.Text(b) != "2" {
		t.Errorf("b is %s: %v", values.Text(b), err)
	}
}

func TestAddToGroup(t *testing.T) {
	inv := load(t, "[web]\nh1\nh2\n")
	changed, err := inv.AddToGroup(inv.Host("h1"), "os_debian", "by_os")
	if err != nil || !changed || hostNames(inv.Group("by_os").Hosts()) != "h1" {
		t.Errorf("h1 is not below by_os: %v %v", changed, err)
	}
	if changed, _ = inv.AddToGroup(inv.Host("h1"), "os_debian", "by_os"); changed {
		t.Error("again changed something")
	}
	if _, err = inv.AddToGroup(inv.Host("h1"), "by_os", "os_debian"); err == nil {
		t.Error("a circle of groups is accepted")
	}
}

func TestLimitIsSeenByAddedHosts(t *testing.T) {
	inv, err := load(t, "[web]\nh1\n[db]\nd1\n").WithLimit("web")
	if err != nil {
		t.Fatal(err)
	}
	inv.AddHost("h2", nil, "web")
	inv.AddHost("d2", nil, "db")
	if hosts, _ := inv.Select("all"); hostNames(hosts) != "h2 h1" {
		t.Errorf("selected %s", hostNames(hosts))
	}
	if _, err := inv.WithLimit(""); err == nil {
		t.Error("an empty limit is accepted")
	}
	if again, err := inv.WithLimit("db"); err != nil {
		t.Error(err)
	} else if hosts, _ := again.Select("all"); hostNames(hosts) != "d2 d1" {
		t.Errorf("the second limit selected %s", hostNames(hosts))
	}
}

func TestEncryptedFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	write := map[string]string{"hosts": "[prod]\np1\n[test]\nt1\n", "group_vars/prod": "$ANSIBLE_VAULT;1.1;AES256\n61\n", "group_vars/test": "a: 1\n"}
	for name, text := range write {
		_ = os.MkdirAll(filepath.Dir(name), 0o755)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open := func(text []byte, file string) ([]byte, error) {
		if !strings.HasPrefix(string(text), "$ANSIBLE_VAULT;1.1;AES256\n61") {
			return nil, errors.New("wrong text")
		}
		return []byte("secret: yes\n"), nil
	}
	inv, err := inventory.Load(context.Background(), []string{"hosts"}, inventory.Options{Decrypt: open})
	if err != nil {
		t.Fatal(err)
	}
	vars, err := inv.Vars(inv.Host("p1"))
	if v, _ := vars.Get("secret"); err != nil || values.Text(v) != "True" {
		t.Errorf("secret is %s: %v", values.Text(v), err)
	}
	locked, err := inventory.Load(context.Background(), []string{"hosts"}, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := locked.Check([]*inventory.Host{locked.Host("t1")}); err != nil {
		t.Errorf("the test host needs no password, but: %v", err)
	}
	if err := locked.Check(locked.Hosts()); err == nil {
		t.Error("production opened without a password")
	}
}

func TestLabInventoryLoads(t *testing.T) {
	inv, err := inventory.Load(context.Background(), []string{"../lab/inventory"}, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if hosts, err := inv.Select("prod"); err != nil || len(hosts) != 10 {
		t.Errorf("prod has %d hosts: %v", len(hosts), err)
	}
	if err := inv.Check(inv.Hosts()); err != nil {
		t.Error(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	inv := load(t, "[web]\nh[1:20]\n")
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for j := range 20 {
				host, _ := inv.AddHost(fmt.Sprintf("n%d-%d", i, j), values.NewMap(0), "web", fmt.Sprintf("g%d", i))
				_, _ = inv.AddToGroup(host, "late")
				_, _ = inv.Select("web:!g1")
				_, _ = inv.Vars(host)
				inv.Host("localhost")
				inv.Hosts()
			}
		})
	}
	wait.Wait()
	if n := len(inv.Hosts()); n != 180 {
		t.Errorf("%d hosts", n)
	}
}

// A part of a pattern that takes too long is an error: what it was to leave out must not be taken.
func TestAPatternThatTakesTooLong(t *testing.T) {
	inv := load(t, strings.Repeat("a", 40)+"b\n")
	for _, pattern := range []string{"all:!~(a+)+c", "~(a+)+c"} {
		if hosts, err := inv.Select(pattern); err == nil || !strings.Contains(err.Error(), "within 1s") {
			t.Errorf("%s: %d hosts, %v", pattern, len(hosts), err)
		}
	}
}

// fuzzFile reads any text as an inventory file of that name: what is wrong with it has a place,
// and what is not can be listed.
func fuzzFile(f *testing.F, name string, listing inventory.Listing) {
	path := filepath.Join(f.TempDir(), name)
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		inv, err := inventory.Load(context.Background(), []string{path}, inventory.Options{})
		if err != nil {
			if !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("an error without its place: %v", err)
			}
			return
		}
		if hosts := inv.Hosts(); len(hosts) < 1000 {
			if err := inv.WriteList(&strings.Builder{}, listing); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzINI(f *testing.F) {
	for _, s := range []string{"[web]\nh[1:3] a='x' b=\"y z\"\n", "[a:children]\nb\n[b]\n[a:vars]\nx=[1,\n", "h:22 # c\n[::1]:2\n", "[w]\nx[a:f:2]-[01:03] ansible_group_priority=3\n"} {
		f.Add(s)
	}
	fuzzFile(f, "hosts.ini", inventory.Listing{Format: inventory.YAML})
}

func FuzzTree(f *testing.F) {
	for _, s := range []string{
		"all:\n  hosts: {a: {x: 1}, 'b[1:3]:22': }\n  children: {w: {vars: {y: [1]}}}\n",
		"plugin: constructed\nkeyed_groups: [{key: x, prefix: p, parent_group: q}]\n",
		"plugin: constructed\nstrict: yes\ncompose: {a: b}\ngroups: {all: x, web: y}\n",
		"w: {children: {w: }}", "&a [*a]", "all: {hosts: [a]}",
	} {
		f.Add(s)
	}
	dir := f.TempDir()
	opts := inventory.Options{Template: func(text string, vars *values.Map, _ values.Position) (values.Value, error) {
		v, ok := vars.Get(strings.Trim(text, "{ }"))
		if !ok {
			return values.Null, fmt.Errorf("no %q", text)
		}
		return v, nil
	}}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "hosts.yml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		inv, err := inventory.Load(context.Background(), []string{"a,b", path}, opts)
		if err != nil {
			if !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("an error without its place: %v", err)
			}
			return
		}
		if hosts := inv.Hosts(); len(hosts) < 1000 {
			if err := inv.WriteList(&strings.Builder{}, inventory.Listing{Export: true}); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzTOML(f *testing.F) {
	for _, s := range []string{"[web]\nchildren = [\"a\"]\n[web.hosts]\nx = {y = [{z = 1}]}\n", "[a.hosts.b]\nc.d = 1979-05-27\n[[a.vars.l]]\n", "a = 1", "[web", "\"\" = {hosts = {}}"} {
		f.Add(s)
	}
	fuzzFile(f, "hosts.toml", inventory.Listing{})
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"web:&db:!h1", "web[0:2]", "~h\\d", "h*,!h[12]", "[h-", "@x", "web[-1]", "&web"} {
		f.Add(s)
	}
	inv := load(f, "[web]\nh[1:5]\n[db]\nh5\nd1\n")
	f.Fuzz(func(t *testing.T, pattern string) {
		hosts, err := inv.Select(pattern)
		if err == nil && len(hosts) > 6 {
			t.Errorf("%q gave %s", pattern, hostNames(hosts))
		}
		inv.Unmatched(pattern)
	})
}

func hosts(n int) string {
	var b strings.Builder
	for i := range n {
		if i%100 == 0 {
			fmt.Fprintf(&b, "[rack%d]\n", i/100)
		}
		fmt.Fprintf(&b, "host%05d.example.com ansible_host=10.0.%d.%d number=%d\n", i, i/250, i%250, i)
	}
	b.WriteString("[dc:children]\n")
	for i := range n / 100 {
		fmt.Fprintf(&b, "rack%d\n", i)
	}
	b.WriteString("[dc:vars]\na=1\nb='two'\n")
	return b.String()
}

func benchmarkLoad(b *testing.B, n int) {
	path := filepath.Join(b.TempDir(), "hosts.ini")
	if err := os.WriteFile(path, []byte(hosts(n)), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		inv, err := inventory.Load(context.Background(), []string{path}, inventory.Options{})
		if err != nil {
			b.Fatal(err)
		}
		selected, err := inv.Select("dc:!rack1")
		if err != nil || len(selected) != n-100 {
			b.Fatalf("%d hosts: %v", len(selected), err)
		}
		if err := inv.Check(selected); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad1000Hosts(b *testing.B)  { benchmarkLoad(b, 1000) }
func BenchmarkLoad10000Hosts(b *testing.B) { benchmarkLoad(b, 10000) }

func BenchmarkList10000Hosts(b *testing.B) {
	inv := load(b, hosts(10000))
	for b.Loop() {
		if err := inv.WriteList(&strings.Builder{}, inventory.Listing{}); err != nil {
			b.Fatal(err)
		}
	}
}
