// Package get_url brings a file of a web server to a host. The host opens the connection;
// what comes over it is checked here and goes back to the host, and only then takes the place
// of what was there.
package get_url

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/uri/web"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "get_url", Where: modules.OnController, New: func() modules.Module { return new(Module) },
	Refused: refused(),
}

func refused() map[string]string {
	all := web.Refused()
	all["sha256sum"] = "write checksum: sha256:..."
	return all
}

// Module holds the parameters.
type Module struct {
	URL      string        `json:"url" required:"true" help:"what to bring, http or https; 127.0.0.1 is the managed host itself"`
	Dest     string        `json:"dest" type:"path" required:"true" help:"where it goes on the host; a directory gets it under the name that the server says, or that the URL ends with"`
	Checksum string        `json:"checksum" help:"what it must be, as ALGORITHM:DIGEST, or ALGORITHM:URL of a file with digests and names; a file that is so already is not brought again"`
	Force    bool          `json:"force" default:"no" help:"ask for it even if the server has nothing newer than the file that is there"`
	Backup   bool          `json:"backup" default:"no" help:"keep the file that was there under another name"`
	Username string        `json:"url_username" aliases:"username" help:"name to log in with (Basic)"`
	Timeout  time.Duration `json:"timeout" default:"10" help:"how long to wait for the server each time"`
	TmpDest  string        `json:"tmp_dest" type:"path" help:"makes no difference: the file comes beside its place and is renamed"`
	web.Options
	modules.Ownership

	host modules.ManagedHost
}

// UseHost takes the way to the host.
func (m *Module) UseHost(h modules.ManagedHost) { m.host = h }

// Validate refuses what can never be brought.
func (m *Module) Validate() error {
	at, err := url.Parse(m.URL)
	if err == nil && at.Scheme == "" {
		return modules.Invalid("url is %q, and must be like https://example.com/file", m.URL)
	}
	return m.Check(m.URL)
}

// Run brings the file if it is not there, or there is a newer one.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	began := time.Now()
	told := modules.Data("dest", values.String(m.Dest), "url", values.String(m.URL))
	fails := func(err error) (modules.Result, error) {
		told.Set("elapsed", values.Int(int64(time.Since(began).Seconds())))
		return modules.Result{Data: told}, err
	}
	request, err := m.Request(ctx, m.host, "")
	if err != nil {
		return fails(err)
	}
	request.URL, request.Method, request.Username, request.Timeout = m.URL, http.MethodGet, m.Username, m.Timeout
	request.Redirects = web.AllRedirects
	want, err := m.wanted(ctx, sys, request)
	if err != nil {
		return fails(err)
	}
	has, err := m.lookAt(ctx, m.Dest, want)
	if err != nil {
		return fails(err)
	}
	if !m.Force && has.isWanted {
		reply, err := m.attributes(ctx)
		return modules.Result{Msg: "file already exists", Data: told, Changed: reply.Changed}, err
	}
	if !has.since.IsZero() && !m.Force && want.digest == "" {
		request.Header.Set("If-Modified-Since", has.since.UTC().Format(http.TimeFormat))
	}
	answer, err := request.Do(ctx, sys)
	if err != nil {
		return fails(err)
	}
	defer answer.Body.Close()
	if answer.Status == http.StatusNotModified {
		return m.unmodified(ctx, answer, told, began)
	}
	if answer.Reason != "" {
		told.Set("status_code", values.Int(int64(answer.Status)))
		told.Set("response", values.String(answer.Reason))
		return fails(modules.Fail("Request failed"))
	}
	result, err := m.bring(ctx, sys, answer, has, want, told)
	told.Set("elapsed", values.Int(int64(time.Since(began).Seconds())))
	return result, err
}

// attributes gives the file that is there its mode and owner.
func (m *Module) attributes(ctx context.Context) (modules.Reply, error) {
	reply, err := m.host.Call(ctx, "file", values.MapOf(web.Owned(m.Ownership, "path", values.String(m.Dest), "state", values.String("file"))...))
	if err == nil && reply.Failed {
		err = errors.New(reply.Msg)
	}
	return reply, err
}

func (m *Module) unmodified(ctx context.Context, a *web.Answer, told *values.Map, began time.Time) (modules.Result, error) {
	reply, err := m.attributes(ctx)
	about(reply.Data, told)
	told.Set("status_code", values.Int(int64(a.Status)))
	told.Set("elapsed", values.Int(int64(time.Since(began).Seconds())))
	return modules.Result{Msg: a.Reason, Data: told, Changed: reply.Changed}, err
}

// about adds what a call told of the file.
func about(said values.Value, to *values.Map) {
	for _, key := range []string{"uid", "gid", "owner", "group", "mode", "state", "size", "backup_file"} {
		if v, ok := said.Get(key); ok {
			to.Set(key, v)
		}
	}
}

// there is what the host has at dest.
type there struct {
	exists, isDir bool
	// isWanted says that it has the digest that is wanted.
	isWanted bool
	sha1     values.Value
	since    time.Time
}

func (m *Module) lookAt(ctx context.Context, file string, want digest) (there, error) {
	algorithm := "sha1"
	if want.digest != "" {
		algorithm = want.algorithm
	}
	st, err := web.Stat(ctx, m.host, file, "checksum_algorithm", values.String(algorithm))
	if err != nil || st.IsNull() {
		return there{}, err
	}
	if isDir, _ := st.Get("isdir"); isDir.Truthy() {
		return there{exists: true, isDir: true}, nil
	}
	sum, _ := st.Get("checksum")
	changed, _ := st.Get("mtime")
	seconds, _ := changed.AsFloat()
	has := there{exists: true, since: time.Unix(int64(seconds), 0), isWanted: want.digest != "" && strings.EqualFold(values.Text(sum), want.digest)}
	if algorithm == "sha1" {
		has.sha1 = sum
	}
	return has, nil
}

// bring has the answer in a file here, looks at it, and puts it in its place.
func (m *Module) bring(ctx context.Context, sys modules.System, a *web.Answer, has there, want digest, told *values.Map) (modules.Result, error) {
	got, err := keep(sys, a, want)
	if err != nil {
		return modules.Result{Data: told}, err
	}
	dest := m.Dest
	if has.isDir {
		dest = path.Join(dest, nameOf(a))
		told.Set("dest", values.String(dest))
	}
	told.Set("checksum_src", values.String(got.sha1))
	told.Set("checksum_dest", values.Null)
	if has.sha1.IsNull() && (has.isDir || has.exists) {
		if has, err = m.lookAt(ctx, dest, digest{}); err != nil {
			return modules.Result{Data: told}, err
		}
	}
	if has.exists {
		told.Set("checksum_dest", has.sha1)
	}
	if want.digest != "" && !strings.EqualFold(got.digest, want.digest) {
		return modules.Result{Data: told}, modules.Fail("The checksum for %s did not match %s; it was %s.", dest, want.digest, got.digest)
	}
	if !has.exists {
		if err := m.hasDirectory(ctx, directoryOf(dest)); err != nil {
			return modules.Result{Data: told}, err
		}
	}
	reply, err := m.put(ctx, got.file, dest)
	if err != nil {
		return modules.Result{Data: told}, err
	}
	about(reply.Data, told)
	told.Set("md5sum", values.String(got.md5))
	told.Set("status_code", values.Int(int64(a.Status)))
	return modules.Result{Msg: a.Said(), Data: told, Changed: reply.Changed}, nil
}

// directoryOf is the directory that must be there for a file.
func directoryOf(dest string) string {
	if strings.HasSuffix(dest, "/") {
		return path.Clean(dest)
	}
	return path.Dir(dest)
}

func (m *Module) hasDirectory(ctx context.Context, dir string) error {
	st, err := web.Stat(ctx, m.host, dir)
	if err == nil && st.IsNull() {
		err = modules.Fail("Destination %s does not exist", dir)
	}
	return err
}

func (m *Module) put(ctx context.Context, file, dest string) (modules.Reply, error) {
	src, err := m.host.Offer(file)
	if err != nil {
		return modules.Reply{}, err
	}
	args := web.Owned(m.Ownership, "src", src, "dest", values.String(dest), "backup", values.Bool(m.Backup))
	reply, err := m.host.Call(ctx, "copy", values.MapOf(args...))
	if err == nil && reply.Failed {
		err = errors.New(reply.Msg)
	}
	return reply, err
}
