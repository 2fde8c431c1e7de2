package embedded

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gdeploy/gdeploy"
)

func fake(t *testing.T, m Manifest) fstest.MapFS {
	t.Helper()
	content, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{Dir + "/" + ManifestFile: {Data: content}, Dir + "/" + File("arm64"): {Data: []byte("gz")}}
}

func TestHelpersOfOtherSourcesAreRefused(t *testing.T) {
	sources := fstest.MapFS{"a/x.go": {Data: []byte("package a")}, "b/y.go": {Data: []byte("package b")}}
	sum, err := Hash(sources, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	built := Manifest{Sources: sum, Packages: []string{"a"}, Modules: map[string]string{"yamux": "v1"}, Programs: map[string]Program{"arm64": {SHA256: "x", Size: 7}}}
	linked := map[string]string{"yamux": "v1"}
	got, err := read(fake(t, built), sources, linked)
	if err != nil || string(got["arm64"].Gzip) != "gz" || got["arm64"].Size != 7 {
		t.Fatalf("got %v, %v", got, err)
	}
	sources["a/x_test.go"] = &fstest.MapFile{Data: []byte("package a")}
	sources["b/y.go"] = &fstest.MapFile{Data: []byte("package b // changed")}
	if _, err := read(fake(t, built), sources, linked); err != nil {
		t.Errorf("refused for what it is not made of: %v", err)
	}
	if _, err := read(fake(t, built), sources, map[string]string{"yamux": "v2"}); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("other module: %v", err)
	}
	sources["a/x.go"] = &fstest.MapFile{Data: []byte("package a // changed")}
	if _, err := read(fake(t, built), sources, linked); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("other sources: %v", err)
	}
	if _, err := read(fstest.MapFS{}, sources, linked); err == nil {
		t.Error("no manifest, no error")
	}
}

func TestItself(t *testing.T) {
	programs, err := itself()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		r, err := program.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || int64(len(content)) != program.Size || !bytes.HasPrefix(content, []byte("\x7fELF")) {
			t.Errorf("%d bytes of %d, %v", len(content), program.Size, err)
		}
	}
}

// helperPackages lists what the helper links, as "module importpath".
func helperPackages(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}} {{.ImportPath}}", "github.com/gdeploy/gdeploy/cmd/gdeploy-helper").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestAllSourcesOfTheHelperAreKnown(t *testing.T) {
	const module = "github.com/gdeploy/gdeploy"
	for _, line := range helperPackages(t) {
		path, name, _ := strings.Cut(line, " ")
		if path != module {
			continue
		}
		if files, _ := fs.Glob(gdeploy.HelperSources, strings.TrimPrefix(name, module+"/")+"/*.go"); len(files) == 0 {
			t.Errorf("%s is linked into the helper and missing in sources.go", name)
		}
	}
}

// unwanted would make the helper, which travels to each host, too large.
var unwanted = map[string]string{
	"net/http":                         "3.7 MB; the controller speaks HTTP through a stream",
	"crypto/tls":                       "comes with HTTP",
	"golang.org/x/crypto/ssh":          "the controller's",
	"github.com/spf13/cobra":           "the controller's",
	"github.com/spf13/viper":           "the controller's",
	"github.com/rs/zerolog":            "the controller's",
	"github.com/gdeploy/gdeploy/jinja": "templates are rendered on the controller",
	"github.com/gdeploy/gdeploy":       "it carries the sources",
}

func TestTheHelperStaysSmall(t *testing.T) {
	for _, line := range helperPackages(t) {
		_, name, _ := strings.Cut(line, " ")
		if why, ok := unwanted[name]; ok {
			t.Errorf("the helper links %s: %s", name, why)
		}
	}
}
