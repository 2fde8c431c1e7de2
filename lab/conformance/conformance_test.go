//go:build lab

package conformance

import (
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/lab"
)

var (
	oracle = flag.String("oracle", "", "ask ansible-playbook what cases do, and store it: new (those not yet asked) or all")
	update = flag.Bool("update", false, "rewrite what gdeploy does where it means to differ")
)

// hosts are those that cases run on, each on one of them, and always on the same.
const hosts = 3

// TestCasesAgainstAnsible runs the cases of testdata on real hosts, those of different hosts side by side.
func TestCasesAgainstAnsible(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	l := labUp(t)
	for n := range uint32(hosts) {
		t.Run(fmt.Sprintf("n%d", n+1), func(t *testing.T) {
			t.Parallel()
			for _, file := range files {
				c := readCase(t, file)
				if c.host() == n {
					t.Run(c.name, func(t *testing.T) { c.conform(t, l) })
				}
			}
		})
	}
}

// labUp gives a lab of these tests' own, or the one that GDEPLOY_TEST_LAB names as it is.
func labUp(t *testing.T) *lab.Lab {
	o := lab.Options{Name: os.Getenv("GDEPLOY_TEST_LAB"), Hosts: hosts, Oracle: *oracle != "", Tools: *oracle == ""}
	if o.Name != "" {
		o.Oracle, o.Tools = true, false
		return lab.Up(t, o)
	}
	o.Name, o.Fresh = "conformance", true
	l := lab.Up(t, o)
	t.Cleanup(func() { l.Down(t) })
	return l
}

// testCase is a file of testdata.
type testCase struct {
	file, name string
	archive    *txtar.Archive
}

func readCase(t *testing.T, file string) testCase {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".txtar")
	return testCase{file, filepath.Base(filepath.Dir(file)) + "/" + name, archive}
}

// host is the number of the one that the case runs on, from 0. It follows from the name alone, so that the oracle and gdeploy have
// the same.
func (c testCase) host() uint32 {
	h := fnv.New32a()
	h.Write([]byte(c.name))
	return h.Sum32() % hosts
}

// part gives a file of the case, and whether it has one.
func (c testCase) part(name string) (string, bool) {
	at := slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if at < 0 {
		return "", false
	}
	return string(c.archive.Files[at].Data), true
}

// store puts a file into the case, at its end, and writes the case.
func (c testCase) store(t *testing.T, name, text string) {
	c.archive.Files = slices.DeleteFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
	c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(text)})
	if err := os.WriteFile(c.file, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c testCase) conform(t *testing.T, l *lab.Lab) {
	want, asked := c.part("expected")
	if *oracle == "all" || *oracle == "new" && !asked {
		c.store(t, "expected", c.happens(t, l, ansible))
		return
	}
	if !asked {
		t.Fatalf("%s has no expectation yet: make modules-oracle", c.file)
	}
	got := c.happens(t, l, gdeploy)
	ours, differs := c.part("ours")
	if differs {
		want = ours
	}
	if *update && differs {
		c.store(t, "ours", got)
		return
	}
	if diff := differences(want, got); diff != "" {
		t.Errorf("%s\n%s", c.file, diff)
	}
}
