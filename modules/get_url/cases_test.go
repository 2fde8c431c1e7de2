package get_url_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/copy"
	"github.com/gdeploy/gdeploy/modules/file"
	"github.com/gdeploy/gdeploy/modules/get_url"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/slurp"
	"github.com/gdeploy/gdeploy/modules/stat"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, get_url.Spec) }

const content = "of the server\n"

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func site(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/name.txt":
		io.WriteString(w, content)
	case "/dated":
		if r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "fresh\n")
	case "/named":
		w.Header().Set("Content-Disposition", `attachment; filename="../given.bin"`)
		io.WriteString(w, content)
	case "/sums":
		fmt.Fprintf(w, "%s  other\n%s *name.txt\n", digestOf("x"), digestOf(content))
	case "/sum":
		io.WriteString(w, digestOf(content)+"\n")
	case "/cut":
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half")
	default:
		http.NotFound(w, r)
	}
}

func str(s string) values.Value { return values.String(s) }

// TestBrings wants what ansible-core 2.14 does, but that a file with the wrong digest never
// takes a place.
func TestBrings(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	sum, wrong := str("sha256:"+digestOf(content)), str("sha256:"+digestOf("x"))
	for _, c := range []struct {
		name, path, dest string
		has              string // what lies at /srv/has
		args             []any
		check            bool
		changed, fail    bool
		msg              string
		file, text       string // what must be where
		want             []any  // of the result
	}{
		{name: "new", path: "/name.txt", dest: "/srv/new", args: []any{"mode", str("0640")}, changed: true, msg: "OK (14 bytes)", file: "srv/new", text: content,
			want: []any{"mode", str("0640"), "status_code", values.Int(200), "checksum_dest", values.Null, "checksum_src", str("c820bbe1956d6b09553e3effa5dc5e4966a3f685"), "dest", str("/srv/new")}},
		{name: "the same", path: "/name.txt", dest: "/srv/has", has: content, msg: "OK (14 bytes)", file: "srv/has", text: content},
		{name: "another", path: "/name.txt", dest: "/srv/has", has: "old\n", args: []any{"backup", values.True}, changed: true, msg: "OK (14 bytes)", file: "srv/has", text: content},
		{name: "nothing newer", path: "/dated", dest: "/srv/has", has: "old\n", msg: "HTTP Error 304: Not Modified", file: "srv/has", text: "old\n", want: []any{"status_code", values.Int(304)}},
		{name: "forced", path: "/dated", dest: "/srv/has", has: "old\n", args: []any{"force", values.True}, changed: true, msg: "OK (6 bytes)", file: "srv/has", text: "fresh\n"},
		{name: "into a directory", path: "/name.txt", dest: "/srv", changed: true, msg: "OK (14 bytes)", file: "srv/name.txt", text: content, want: []any{"dest", str("/srv/name.txt")}},
		{name: "as the server calls it", path: "/named", dest: "/srv/", changed: true, msg: "OK (14 bytes)", file: "srv/given.bin", text: content},
		{name: "as it must be", path: "/name.txt", dest: "/srv/new", args: []any{"checksum", sum}, changed: true, msg: "OK (14 bytes)", file: "srv/new", text: content},
		{name: "as a list says", path: "/name.txt", dest: "/srv/new", args: []any{"checksum", str("sha256:" + server.URL + "/sums")}, changed: true, msg: "OK (14 bytes)", file: "srv/new", text: content},
		{name: "as a file says", path: "/name.txt", dest: "/srv/new", args: []any{"checksum", str("sha256:" + server.URL + "/sum")}, changed: true, msg: "OK (14 bytes)", file: "srv/new", text: content},
		{name: "in no list", path: "/named", dest: "/srv/new", args: []any{"checksum", str("sha256:" + server.URL + "/sums")}, fail: true, msg: "Unable to find a checksum for file 'named' in '" + server.URL + "/sums'"},
		{name: "there already", path: "/nowhere", dest: "/srv/has", has: content, args: []any{"checksum", sum}, msg: "file already exists", file: "srv/has", text: content},
		{name: "there already, with another mode", path: "/nowhere", dest: "/srv/has", has: content, args: []any{"checksum", sum, "mode", str("0600")}, changed: true, msg: "file already exists", file: "srv/has", text: content},
		{name: "wrong", path: "/name.txt", dest: "/srv/has", has: "old\n", args: []any{"checksum", wrong}, fail: true,
			msg: "The checksum for /srv/has did not match " + digestOf("x") + "; it was " + digestOf(content) + ".", file: "srv/has", text: "old\n"},
		{name: "no digest", path: "/name.txt", dest: "/srv/new", args: []any{"checksum", str("nonsense")}, fail: true, msg: "The checksum parameter has to be in format <algorithm>:<checksum>"},
		{name: "no algorithm", path: "/name.txt", dest: "/srv/new", args: []any{"checksum", str("foo:abc")}, fail: true,
			msg: "Could not hash file '/srv/new' with algorithm 'foo'. Available algorithms: md5, sha1, sha224, sha256, sha384, sha512"},
		{name: "missing", path: "/nowhere", dest: "/srv/new", fail: true, msg: "Request failed", want: []any{"status_code", values.Int(404), "response", str("HTTP Error 404: Not Found")}},
		{name: "cut off", path: "/cut", dest: "/srv/has", has: "old\n", fail: true, msg: "get " + server.URL + "/cut: unexpected EOF", file: "srv/has", text: "old\n"},
		{name: "no directory", path: "/name.txt", dest: "/none/new", fail: true, msg: "Destination /none does not exist"},
		{name: "no such directory", path: "/name.txt", dest: "/none/", fail: true, msg: "Destination /none does not exist"},
		{name: "a dry run", path: "/name.txt", dest: "/srv/has", has: "old\n", check: true, changed: true, msg: "OK (14 bytes)", file: "srv/has", text: "old\n"},
		{name: "a dry run of the same", path: "/name.txt", dest: "/srv/has", has: content, check: true, msg: "OK (14 bytes)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "srv"), 0o755); err != nil {
				t.Fatal(err)
			}
			if c.has != "" {
				if err := os.WriteFile(filepath.Join(dir, "srv/has"), []byte(c.has), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			here := machine.New(machine.Options{})
			defer here.Close()
			host := moduletest.Host{Dir: dir, Modules: []modules.Spec{stat.Spec, slurp.Spec, copy.Spec, file.Spec}, Check: c.check}
			args := append([]any{"url", str(server.URL + c.path), "dest", str(c.dest)}, c.args...)
			r := modules.Perform(t.Context(), get_url.Spec, modules.Call{Module: "get_url", Args: values.MapOf(args...), Check: c.check}, here, modules.WithHost(host))
			if r.Msg != c.msg || r.Failed != c.fail || r.Changed != c.changed {
				t.Errorf("failed %v, changed %v: %s", r.Failed, r.Changed, r.Msg)
			}
			if text, err := os.ReadFile(filepath.Join(dir, c.file)); c.file != "" && (err != nil || string(text) != c.text) {
				t.Errorf("%s: %q %v", c.file, text, err)
			}
			for pair := range slices.Chunk(c.want, 2) {
				got, _ := r.Data.Get(pair[0].(string))
				if diff := cmp.Diff(string(values.JSON(pair[1].(values.Value))), string(values.JSON(got))); diff != "" {
					t.Errorf("%s: %s", pair[0], diff)
				}
			}
			if backup, _ := r.Data.Get("backup_file"); c.name == "another" && !strings.HasPrefix(values.Text(backup), "/srv/has.") {
				t.Errorf("no backup: %s", values.JSON(r.Data))
			}
		})
	}
}
