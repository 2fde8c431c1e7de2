// Package moduletest runs the cases of a module: text files that say what is on a host,
// what is called, and what shall have changed.
//
// A case is testdata/<name>.txtar of the module's folder. It opens with a sentence, and
// has these parts, of which only call must be there:
//
//	A file that is there gets its mode.
//	-- before/etc/motd (0644) --
//	hello
//	-- call --
//	file:
//	  path: /etc/motd
//	  mode: "0600"
//	-- changes --
//	chmod /etc/motd: 0644 -> 0600
//	-- result --
//	state: file
//	-- after/etc/motd (0600) --
//	hello
//
// before/ and after/ name a file, with a slash at the end a directory, with "-> target"
// a link; after/ also "(missing)". The mode in brackets may be left out. before/bin/x is
// a program, and $ROOT in it is where the case's files lie. controller/ names files of
// the controller, and packed/srv/site.tar.gz/index.html a member of an archive that lies on
// both. variables gives expressions their values (for assert and debug), answers what the
// operator types.
//
// failure is the message of a call that fails. Of a result only the keys that are
// written are compared; the value <any> fits all, and in a line of changes or failure
// <any> stands for whatever is there.
//
// Each case runs three times: in check mode, which must predict the same changes and
// touch nothing; for real; and once more, when nothing may be changed. A line
// "# always changes" says that this module changes something each time, "# needs root"
// that a case gives files to others, "# check" that only check mode is tried,
// "# unforeseen" that a dry run cannot know what will happen. Then a module that may be tried
// before its turn is tried once more: where that finds nothing to do, it tells the same as a
// real run.
//
// The paths are those of a little world of its own. A case that runs programs with
// paths among their arguments writes $WORK before its paths; these then are real ones.
//
// go test -update rewrites what the cases expect.
package moduletest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/modules"
)

var update = flag.Bool("update", false, "rewrite what the cases expect")

// Run runs the cases in testdata.
func Run(t *testing.T, spec modules.Spec) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("module %s has no case in testdata (%v)", spec.Name, err)
	}
	probed := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			if runFile(t, spec, file) {
				probed++
			}
		})
	}
	if spec.IsProbed() && probed == 0 && !t.Failed() {
		t.Errorf("module %s may be tried before its turn, and no case shows that this tells the same as a real run", spec.Name)
	}
}

// runFile runs a case and reports whether it was tried before its turn with an answer.
func runFile(t *testing.T, spec modules.Spec, file string) (probed bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse(text, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.needsRoot && os.Geteuid() != 0 {
		t.Skip("this case needs root")
	}
	got := c.run(t, spec)
	want := string(txtar.Format(c.archive))
	now := string(txtar.Format(c.rewritten(got)))
	if want == now {
		return c.probed
	}
	if !*update {
		t.Errorf("the case and what happened differ:\n%s", udiff.Unified("expected", "happened", want, now))
		return c.probed
	}
	if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
	return c.probed
}
