// Package gdeploy_test keeps the house in order: which package may import which, and
// what every package, parameter and module must have.
package gdeploy_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/docs"
	"github.com/gdeploy/gdeploy/modules/oncontroller"
	"github.com/gdeploy/gdeploy/modules/onhost"
)

const house = "github.com/gdeploy/gdeploy/"

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Dir,Imports,Deps,GoFiles"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// arrows say what a folder must not import, and why.
var arrows = []struct {
	from      string
	forbidden []string
	because   string
}{
	{"values", []string{"*"}, "values is a leaf: everything else is built on it"},
	{"jinja", []string{"inventory", "playbooks", "variables", "vault", "executor", "transport", "modules", "report", "runlog", "cmd"}, "the template language stands on its own, without hosts or playbooks"},
	{"modules", []string{"executor", "inventory", "playbooks", "variables", "jinja", "vault", "transport", "report", "runlog", "redact", "cmd"}, "a module knows its parameters and its System, not who called it"},
	{"release", []string{"executor", "inventory", "playbooks", "variables", "transport", "report", "runlog", "cmd"}, "releases are kept on hosts, by modules"},
	{"transport", []string{"executor", "inventory", "playbooks", "variables", "report", "runlog", "cmd"}, "transport carries calls and does not know plays"},
	{"inventory", []string{"executor", "playbooks", "transport", "modules", "report", "runlog", "cmd"}, "an inventory says which hosts there are, not what is done with them"},
	{"playbooks", []string{"executor", "inventory", "transport", "report", "runlog", "cmd"}, "playbooks are what the operator wrote; the executor runs it"},
	{"variables", []string{"executor", "transport", "report", "runlog", "cmd"}, "variables are looked up for whoever runs"},
	{"executor", []string{"report", "runlog", "cmd"}, "the executor emits events and does not print"},
	{"schema", []string{"executor", "inventory", "variables", "transport", "report", "runlog", "cmd"}, "schemas are made of what playbooks are read by"},
	{"lint", []string{"executor", "inventory", "transport", "report", "runlog", "cmd"}, "lint reads playbooks and runs nothing"},
	{"report", []string{"cmd"}, "nothing imports cmd"},
	{"runlog", []string{"cmd"}, "nothing imports cmd"},
}

func TestArrowsGoOneWay(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, house)
		folder, _, _ := strings.Cut(name, "/")
		for _, rule := range arrows {
			if rule.from != folder {
				continue
			}
			for _, imported := range p.Imports {
				to, ok := strings.CutPrefix(imported, house)
				top, _, _ := strings.Cut(to, "/")
				if !ok || top == folder {
					continue
				}
				if slices.Contains(rule.forbidden, top) || rule.forbidden[0] == "*" {
					t.Errorf("%s imports %s: %s", name, to, rule.because)
				}
			}
		}
	}
}

// machinery are the folders below modules that are no modules.
var machinery = []string{"docs", "machine", "moduletest", "onhost", "oncontroller"}

// allowed is what a module may import. It reaches the machine through its System only,
// so that check mode, diff and tests are true of it; so neither os nor net are here.
var allowed = strings.Fields(`
	bufio bytes cmp context errors fmt hash io io/fs maps math math/big net/netip net/url path regexp slices sort strconv
	strings time unicode unicode/utf8 unicode/utf16 iter sync
	encoding/base64 encoding/binary encoding/csv encoding/hex encoding/json encoding/pem encoding/xml
	crypto/aes crypto/cipher crypto/hmac crypto/md5 crypto/rand crypto/sha1 crypto/sha256 crypto/sha512 hash/crc32
	archive/tar archive/zip compress/bzip2 compress/gzip compress/zlib
	github.com/klauspost/compress/gzip github.com/klauspost/compress/zstd github.com/klauspost/compress/flate
	al.essio.dev/pkg/shellescape`)

// controllerOnly may be imported by modules that never run on a host, and so never make
// the helper bigger. Of net they use types: connections are opened through the System.
var controllerOnly = strings.Fields(`net net/http crypto/tls crypto/x509 net/http/httptrace net/textproto mime mime/multipart golang.org/x/text/encoding/ianaindex`)

func TestModulesTouchTheMachineThroughTheirSystemOnly(t *testing.T) {
	beside := map[string]bool{}
	for _, s := range oncontroller.Specs() {
		beside[s.Name] = true
	}
	for _, p := range list(t, "./modules/...") {
		name, ok := strings.CutPrefix(p.ImportPath, house+"modules/")
		top, _, _ := strings.Cut(name, "/")
		if !ok || slices.Contains(machinery, top) {
			continue
		}
		for _, imported := range p.Imports {
			ours := strings.HasPrefix(imported, house)
			fine := ours || slices.Contains(allowed, imported) || beside[top] && slices.Contains(controllerOnly, imported)
			if !fine {
				t.Errorf("modules/%s imports %s, which is not on the list in structure_test.go: a module reads and changes the machine through its System", name, imported)
			}
			if inner, ok := strings.CutPrefix(imported, house+"modules/"); ok && slices.Contains(machinery, inner) {
				t.Errorf("modules/%s imports modules/%s, which is not for modules", name, inner)
			}
		}
	}
}

// heavy must not be in the helper, which travels to every host once.
var heavy = map[string]string{
	"encoding/json":            "0.1 MB; values/record writes and reads structs by the codec of values",
	"net/http":                 "2 MB of what no module on a host needs: HTTP is spoken by the controller",
	"crypto/tls":               "TLS is spoken by the controller",
	"golang.org/x/crypto/ssh":  "the controller speaks SSH",
	"github.com/spf13/cobra":   "the helper has no command line",
	"github.com/spf13/viper":   "the helper has no settings",
	"go.yaml.in/yaml/v4":       "calls are JSON",
	"html/template":            "nothing is rendered on a host",
	"text/template":            "nothing is rendered on a host",
	"github.com/melbahja/goph": "the controller speaks SSH",
}

func TestTheHelperStaysSmall(t *testing.T) {
	if files, _ := filepath.Glob("cmd/gdeploy-helper/*.go"); len(files) == 0 {
		t.Fatal("there is no helper")
	}
	for _, p := range list(t, "./cmd/gdeploy-helper") {
		for _, dep := range p.Deps {
			if why, ok := heavy[dep]; ok {
				t.Errorf("the helper links %s: %s (go mod why, or go list -deps, tells by way of what)", dep, why)
			}
		}
	}
}

func TestEveryParameterHasHelp(t *testing.T) {
	for _, spec := range specs() {
		for _, p := range spec.Parameters() {
			withHelp(t, spec.Name+"."+p.Name, p)
		}
	}
}

func withHelp(t *testing.T, name string, p modules.Parameter) {
	t.Helper()
	if p.Help == "" {
		t.Errorf("the parameter %s has no help", name)
	}
	for _, inner := range p.Options {
		withHelp(t, name+"."+inner.Name, inner)
	}
}

func specs() []modules.Spec { return append(onhost.Specs(), oncontroller.Specs()...) }

func TestEveryModuleIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, spec := range specs() {
		if docs.Summary(spec.Name) == "" {
			t.Errorf("%s has no modules/docs/%s.md", spec.Name, spec.Name)
		}
		if cases, _ := filepath.Glob("modules/" + spec.Name + "/testdata/*.txtar"); len(cases) == 0 {
			t.Errorf("%s has no case in modules/%s/testdata", spec.Name, spec.Name)
		}
		for _, name := range append([]string{spec.Name}, spec.Aliases...) {
			if seen[name] {
				t.Errorf("two modules are called %s", name)
			}
			seen[name] = true
		}
	}
}

func TestEveryModuleIsListed(t *testing.T) {
	files, err := filepath.Glob("modules/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := path.Base(path.Dir(file))
		listed := name == "user_module" || // which the executor calls and no playbook names
			slices.ContainsFunc(specs(), func(s modules.Spec) bool { return s.Name == name })
		if strings.Contains(string(source), "\nvar Spec = modules.Spec{") && !listed {
			t.Errorf("modules/%s is in neither modules/onhost nor modules/oncontroller", name)
		}
	}
}

// TestEverythingExportedIsExplained reads all Go files but tests and what is generated.
func TestEverythingExportedIsExplained(t *testing.T) {
	described := map[string]bool{}
	var folders []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "testdata" || file == "examples") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		folder := filepath.Dir(file)
		folders = append(folders, folder)
		described[folder] = described[folder] || tree.Doc.Text() != ""
		for _, name := range unexplained(tree) {
			t.Errorf("%s: %s has no comment", file, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range slices.Compact(folders) {
		if !described[folder] {
			t.Errorf("package %s has no comment that says what it is for", folder)
		}
	}
}

// unexplained lists the exported names without a comment.
func unexplained(tree *ast.File) []string {
	var names []string
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc.Text() == "" && exportedReceiver(d) && !namesItself(d) {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				names = append(names, unexplainedSpec(d, s)...)
			}
		}
	}
	return names
}

// exportedReceiver is false for methods of types that nobody outside can name.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	at := d.Recv.List[0].Type
	for {
		switch t := at.(type) {
		case *ast.StarExpr:
			at = t.X
		case *ast.IndexExpr:
			at = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

// namesItself tells a method that only gives a literal, as Type() string { return "x" }.
func namesItself(d *ast.FuncDecl) bool {
	if d.Recv == nil || d.Body == nil || len(d.Body.List) != 1 {
		return false
	}
	r, ok := d.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(r.Results) != 1 {
		return false
	}
	_, ok = r.Results[0].(*ast.BasicLit)
	return ok
}

func unexplainedSpec(d *ast.GenDecl, s ast.Spec) []string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc.Text() == "" && s.Doc.Text() == "" {
			return []string{s.Name.Name}
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && d.Doc.Text() == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
				return []string{name.Name}
			}
		}
	}
	return nil
}
