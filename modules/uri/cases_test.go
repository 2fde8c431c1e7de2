package uri_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/copy"
	"github.com/gdeploy/gdeploy/modules/file"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/slurp"
	"github.com/gdeploy/gdeploy/modules/stat"
	"github.com/gdeploy/gdeploy/modules/uri"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, uri.Spec) }

// site answers as web services do.
func site(w http.ResponseWriter, r *http.Request) {
	kind := w.Header()
	kind.Set("Content-Type", "text/plain")
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch part[0] {
	case "json":
		kind.Set("Content-Type", "application/vnd.api+json; charset=utf-8")
		io.WriteString(w, `{"a": 1, "b": [true, null, "ä"]}`)
	case "broken":
		kind.Set("Content-Type", "application/json")
		io.WriteString(w, `{"a": `)
	case "latin":
		kind.Set("Content-Type", "text/plain; charset=iso-8859-1")
		io.WriteString(w, "h\xe9llo")
	case "echo":
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
	case "form":
		_ = r.ParseMultipartForm(1 << 20)
		files := r.MultipartForm.File["f"]
		f, _ := files[0].Open()
		text, _ := io.ReadAll(f)
		fmt.Fprintf(w, "a=%s f=%s %s %s", r.FormValue("a"), files[0].Filename, files[0].Header.Get("Content-Type"), text)
	case "redirect":
		code, _ := strconv.Atoi(part[1])
		http.Redirect(w, r, "/echo", code)
	case "circle":
		http.Redirect(w, r, "/circle", http.StatusFound)
	case "elsewhere":
		http.Redirect(w, r, "http://"+r.URL.Query().Get("to")+"/secret", http.StatusFound)
	case "secret":
		fmt.Fprintf(w, "%q", r.Header.Values("Authorization"))
	case "cookies":
		http.SetCookie(w, &http.Cookie{Name: "k1", Value: "v1"})
		http.SetCookie(w, &http.Cookie{Name: "k2", Value: "v2", Path: "/"})
	case "auth":
		if name, password, _ := r.BasicAuth(); name != "u" || password != "word" {
			kind.Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprintf(w, "%q", r.Header.Values("Authorization"))
	case "gzip":
		kind.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "zipped")
		z.Close()
	case "file":
		if r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "content\n")
	case "slow":
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	default:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "nothing")
	}
}

// ask has the module ask the site, for a host that is a directory.
func ask(t *testing.T, dir string, pairs ...any) modules.Reply {
	t.Helper()
	here := machine.New(machine.Options{})
	defer here.Close()
	host := moduletest.Host{Dir: dir, Modules: []modules.Spec{stat.Spec, slurp.Spec, copy.Spec, file.Spec}}
	return modules.Perform(t.Context(), uri.Spec, modules.Call{Module: "uri", Args: values.MapOf(pairs...)}, here, modules.WithHost(host))
}

func str(s string) values.Value { return values.String(s) }

func number(i int64) values.Value { return values.Int(i) }

// TestAnswers wants what ansible-core 2.14 tells of such answers.
func TestAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	post := func(more ...any) []any {
		return append([]any{"method", str("post"), "return_content", values.True}, more...)
	}
	for _, c := range []struct {
		path string
		args []any
		want []any // of the result; a null must not be there
		msg  string
		fail bool
	}{
		{path: "/json", want: []any{"json", values.MapOf("a", number(1), "b", values.ListOf(values.True, values.Null, str("ä"))), "content", values.Null, "body", values.Null,
			"status", number(200), "redirected", values.False, "content_type", str("application/vnd.api+json; charset=utf-8"), "cookies_string", str(""), "elapsed", number(0)}, msg: "OK (33 bytes)"},
		{path: "/broken", args: []any{"return_content", values.True}, want: []any{"json", values.Null, "content", str(`{"a": `)}, msg: "OK (6 bytes)"},
		{path: "/latin", args: []any{"return_content", values.True}, want: []any{"content", str("héllo")}, msg: "OK (5 bytes)"},
		{path: "/nope", want: []any{"status", number(404), "body", values.Null, "content", values.Null, "cookies", values.Null}, msg: "Status code was 404 and not [200]: HTTP Error 404: Not Found", fail: true},
		{path: "/nope", args: []any{"return_content", values.True, "status_code", values.ListOf(number(200), number(410))}, want: []any{"content", str("nothing")},
			msg: "Status code was 404 and not [200, 410]: HTTP Error 404: Not Found", fail: true},
		{path: "/nope", args: []any{"status_code", str("404,410")}, want: []any{"body", str("nothing"), "cookies", values.Null}, msg: "HTTP Error 404: Not Found"},
		{path: "/echo", args: post("body", str("a=b")), want: []any{"content", str("POST application/x-www-form-urlencoded a=b")}, msg: "OK (42 bytes)"},
		{path: "/echo", args: post("body", values.MapOf("a", number(1), "b", values.ListOf(str("ä"))), "body_format", str("json")), want: []any{"content", str(`POST application/json {"a": 1, "b": ["\u00e4"]}`)}, msg: "OK (47 bytes)"},
		{path: "/echo", args: post("body", str(`{"x":1}`), "body_format", str("json"), "headers", values.MapOf("Content-Type", str("application/foo"))), want: []any{"content", str(`POST application/foo {"x":1}`)}, msg: "OK (28 bytes)"},
		{path: "/echo", args: post("body", values.MapOf("a", str("1 2"), "b", values.ListOf(str("x"), str("y"))), "body_format", str("form-urlencoded")), want: []any{"content", str("POST application/x-www-form-urlencoded a=1+2&b=x&b=y")}, msg: "OK (52 bytes)"},
		{path: "/echo", args: post("body", values.ListOf(values.ListOf(str("a"), number(1)), values.ListOf(str("b"), number(2))), "body_format", str("form-urlencoded")), want: []any{"content", str("POST application/x-www-form-urlencoded a=1&b=2")}, msg: "OK (46 bytes)"},
		{path: "/form", args: post("body_format", str("form-multipart"), "body", values.MapOf("a", str("1"), "f", values.MapOf("filename", str("dir/u.txt"), "content", str("hello")))),
			want: []any{"content", str("a=1 f=u.txt " + mime.TypeByExtension(".txt") + " hello")}, msg: "OK (43 bytes)"},
		{path: "/form", args: post("body_format", str("form-multipart"), "remote_src", values.True, "body", values.MapOf("a", str("1"), "f", values.MapOf("filename", str("/etc/u.bin"), "mime_type", str("x/y")))),
			want: []any{"content", str("a=1 f=u.bin x/y of the host\n")}, msg: "OK (28 bytes)"},
		{path: "/form", args: post("body_format", str("form-multipart"), "body", values.MapOf("a", number(1))), msg: "failed to parse body as form-multipart: value must be a string, or mapping, cannot be type int", fail: true},
		{path: "/echo", args: post("remote_src", values.True, "src", str("/etc/u.bin")), want: []any{"content", str("POST application/x-www-form-urlencoded of the host\n")}, msg: "OK (51 bytes)"},
		{path: "/redirect/302", want: []any{"redirected", values.True, "status", number(200), "url", str(server.URL + "/echo")}, msg: "OK (5 bytes)"},
		{path: "/redirect/302", args: post("body", str("x")), want: []any{"location", str(server.URL + "/echo"), "redirected", values.False}, msg: "Status code was 302 and not [200]: HTTP Error 302: Found", fail: true},
		{path: "/redirect/302", args: post("body", str("x"), "follow_redirects", str("all")), want: []any{"content", str("GET  ")}, msg: "OK (5 bytes)"},
		{path: "/redirect/307", args: post("body", str("x"), "follow_redirects", str("all")), want: []any{"content", str("POST application/x-www-form-urlencoded x")}, msg: "OK (40 bytes)"},
		{path: "/redirect/301", args: []any{"method", str("PUT"), "body", str("x"), "follow_redirects", str("all"), "return_content", values.True}, want: []any{"content", str("PUT application/x-www-form-urlencoded x")}, msg: "OK (39 bytes)"},
		{path: "/redirect/308", args: []any{"follow_redirects", str("none"), "status_code", number(308)}, want: []any{"status", number(308)}, msg: "HTTP Error 308: Permanent Redirect"},
		{path: "/circle", fail: true, msg: "Status code was 302 and not [200]: HTTP Error 302: The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error message was:\nFound"},
		{path: "/cookies", want: []any{"cookies", values.MapOf("k1", str("v1"), "k2", str("v2")), "cookies_string", str("k1=v1; k2=v2"), "set_cookie", str("k1=v1, k2=v2; Path=/")}, msg: "OK (0 bytes)"},
		{path: "/auth", args: []any{"url_username", str("u"), "url_password", str("word"), "return_content", values.True}, want: []any{"content", str(`["Basic dTp3b3Jk"]`)}, msg: "OK (18 bytes)"},
		{path: "/auth", args: []any{"user", str("u"), "password", str("wrong")}, want: []any{"www_authenticate", str(`Basic realm="x"`)}, msg: "Status code was 401 and not [200]: HTTP Error 401: Unauthorized", fail: true},
		{path: "/secret", args: []any{"url_username", str("u"), "url_password", str("word"), "return_content", values.True}, want: []any{"content", str(`[]`)}, msg: "OK (2 bytes)"},
		{path: "/secret", args: []any{"url_username", str("u"), "url_password", str("word"), "force_basic_auth", values.True, "return_content", values.True}, want: []any{"content", str(`["Basic dTp3b3Jk"]`)}, msg: "OK (18 bytes)"},
		{path: "/gzip", args: []any{"return_content", values.True}, want: []any{"content", str("zipped"), "content_encoding", str("gzip")}, msg: "OK (30 bytes)"},
		{path: "/json", args: []any{"method", str("HEAD")}, want: []any{"json", values.Null}, msg: "OK (33 bytes)"},
		{path: "/slow", args: []any{"timeout", values.Float(0.05)}, want: []any{"status", number(-1)}, msg: "Status code was -1 and not [200]: Connection failure: timed out", fail: true},
		{path: "/nope", args: []any{"creates", str("/etc/u.bin")}, want: []any{"stdout", str("skipped, since '/etc/u.bin' exists"), "status", values.Null}},
		{path: "/nope", args: []any{"removes", str("/etc/none")}, want: []any{"stdout", str("skipped, since '/etc/none' does not exist"), "status", values.Null}},
	} {
		t.Run(strings.TrimPrefix(c.path, "/"), func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "etc/u.bin"), "of the host\n")
			r := ask(t, dir, append([]any{"url", str(server.URL + c.path)}, c.args...)...)
			if r.Msg != c.msg || r.Failed != c.fail || r.Changed {
				t.Errorf("failed %v, changed %v: %s", r.Failed, r.Changed, r.Msg)
			}
			for pair := range slices.Chunk(c.want, 2) {
				got, _ := r.Data.Get(pair[0].(string))
				if diff := cmp.Diff(string(values.JSON(pair[1].(values.Value))), string(values.JSON(got))); diff != "" {
					t.Errorf("%s: %s", pair[0], diff)
				}
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPasswordsStayWithTheirHost(t *testing.T) {
	server, other := httptest.NewServer(http.HandlerFunc(site)), httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	defer other.Close()
	r := ask(t, t.TempDir(), "url", str(server.URL+"/elsewhere?to="+strings.TrimPrefix(other.URL, "http://")), "return_content", values.True,
		"url_username", str("u"), "url_password", str("word"), "force_basic_auth", values.True, "headers", values.MapOf("Authorization", str("token")))
	if content, _ := r.Data.Get("content"); values.Text(content) != "[]" {
		t.Errorf("another host was sent %s\n%s", values.Text(content), r.Msg)
	}
}

func TestFiles(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "srv/.keep"), "")
	get := func(dest string, more ...any) modules.Reply {
		return ask(t, dir, append([]any{"url", str(server.URL + "/file/name.txt"), "dest", str(dest)}, more...)...)
	}
	r := get("/srv", "mode", str("0640"))
	path, _ := r.Data.Get("path")
	mode, _ := r.Data.Get("mode")
	if text, err := os.ReadFile(filepath.Join(dir, "srv/name.txt")); err != nil || string(text) != "content\n" || !r.Changed || values.Text(path) != "/srv/name.txt" || values.Text(mode) != "0640" {
		t.Errorf("%v: %q\n%s", err, text, values.JSON(r.Data))
	}
	if r := get("/srv/name.txt", "status_code", values.ListOf(number(200), number(304))); r.Failed || r.Changed || r.Msg != "HTTP Error 304: Not Modified" {
		t.Errorf("the same again: %+v", r)
	}
	refused := ask(t, dir, "url", str(server.URL+"/nope"), "dest", str("/srv/refused"))
	if _, err := os.Stat(filepath.Join(dir, "srv/refused")); err == nil || refused.Msg != "Status code was 404 and not [200]: HTTP Error 404: Not Found" {
		t.Errorf("an answer that is not wanted: %v, %+v", err, refused)
	}
	wanted := ask(t, dir, "url", str(server.URL+"/nope"), "dest", str("/srv/wanted"), "status_code", number(404))
	if text, err := os.ReadFile(filepath.Join(dir, "srv/wanted")); string(text) != "nothing" || !wanted.Changed {
		t.Errorf("a 404 that is wanted: %q, %v, %+v", text, err, wanted)
	}
	if r := get("/srv/none/name.txt"); !r.Failed || r.Msg != "Destination directory /srv/none does not exist" {
		t.Errorf("no directory: %+v", r)
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(site))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that goes away is what is tested
	server.StartTLS()
	defer server.Close()
	if r := ask(t, t.TempDir(), "url", str(server.URL+"/json")); !r.Failed || !strings.Contains(r.Msg, "Failed to validate the SSL certificate for 127.0.0.1:") {
		t.Errorf("got %+v", r)
	}
	if r := ask(t, t.TempDir(), "url", str(server.URL+"/json"), "validate_certs", values.False); r.Failed {
		t.Errorf("got %s", r.Msg)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "etc/ca.pem"), pemOf(server))
	if r := ask(t, dir, "url", str(server.URL+"/json"), "ca_path", str("/etc/ca.pem")); r.Failed {
		t.Errorf("got %s", r.Msg)
	}
	write(t, filepath.Join(dir, "etc/ca.pem"), "nonsense")
	if r := ask(t, dir, "url", str(server.URL+"/json"), "ca_path", str("/etc/ca.pem")); r.Msg != "ca_path: /etc/ca.pem has no certificate (PEM)" {
		t.Errorf("got %s", r.Msg)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for want, pairs := range map[string][]any{
		"parameters are mutually exclusive: body|src":                                                           {"url", str("http://x"), "body", str("x"), "src", str("y"), "remote_src", values.True},
		"Parameter 'method' needs to be a single word in uppercase, like GET or POST.":                          {"url", str("http://x"), "method", str("GE T")},
		"unknown url type: 'foo'":                                                                               {"url", str("foo")},
		`url is "ftp://x", and must be like https://example.com/file`:                                           {"url", str("ftp://x")},
		"use_proxy: yes is not supported: the host connects straight to the server":                             {"url", str("http://x"), "use_proxy", values.True},
		"Status code was -1 and not [200]: Request failed: <urlopen error [Errno 111] Connection refused>":      {"url", str("http://127.0.0.1:1/")},
		"Status code was -1 and not [200]: Request failed: <urlopen error [Errno 2] No such file or directory>": {"url", str("http://x/"), "unix_socket", str("/nonexistent/socket")},
	} {
		if r := ask(t, t.TempDir(), pairs...); !r.Failed || r.Msg != want {
			t.Errorf("got  %s\nwant %s", r.Msg, want)
		}
	}
}
