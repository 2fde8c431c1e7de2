// Package uri asks a web service, as the managed host sees it, and tells what it answered.
package uri

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/uri/web"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "uri", Where: modules.OnController, Check: modules.Skip, New: func() modules.Module { return new(Module) },
	Refused: web.Refused(),
}

// Module holds the parameters.
type Module struct {
	URL        string         `json:"url" required:"true" help:"what to ask, http or https; 127.0.0.1 is the managed host itself"`
	Method     string         `json:"method" default:"GET" help:"the HTTP method"`
	Body       *values.Value  `json:"body" type:"raw" help:"what to send"`
	BodyFormat string         `json:"body_format" default:"raw" choices:"form-urlencoded,json,raw,form-multipart" help:"how a body that is no string is written; sets Content-Type too"`
	Src        modules.Source `json:"src" type:"blob" from:"controller" unless:"remote_src" help:"file on the controller to send, in place of body"`
	RemoteSrc  bool           `json:"remote_src" default:"no" help:"src is on the host"`
	Username   string         `json:"url_username" aliases:"user" help:"name to log in with (Basic)"`
	Redirects  string         `json:"follow_redirects" default:"safe" choices:"all,no,none,safe,urllib2,yes" help:"follow all redirects, none, or those of GET and HEAD (safe)"`
	Status     []int          `json:"status_code" default:"200" help:"the status, or statuses, that will do; -1 is no answer at all"`
	Content    bool           `json:"return_content" default:"no" help:"tell the body too; JSON is told as json in any case"`
	Dest       string         `json:"dest" type:"path" help:"file on the host that gets the body; a directory gets it under the name that the URL ends with"`
	Creates    string         `json:"creates" type:"path" help:"nothing is asked where this path is on the host"`
	Removes    string         `json:"removes" type:"path" help:"nothing is asked where this path is not on the host"`
	Timeout    time.Duration  `json:"timeout" default:"30" help:"how long to wait for the server each time"`
	Authority  string         `json:"ca_path" type:"path" help:"file on the host with further authorities whose certificates are valid (PEM)"`
	UnixSocket string         `json:"unix_socket" type:"path" help:"socket on the host to connect to, in place of the url's host"`
	Anew       bool           `json:"force" default:"no" help:"ask caches on the way to ask anew"`
	web.Options
	modules.Ownership

	host modules.ManagedHost
}

// UseHost takes the way to the host.
func (m *Module) UseHost(h modules.ManagedHost) { m.host = h }

var oneWord = regexp.MustCompile(`^[A-Z]+$`)

// Validate refuses what can never be asked.
func (m *Module) Validate() error {
	m.Method = strings.ToUpper(m.Method)
	switch {
	case m.Body != nil && m.Src.Given():
		return modules.Invalid("parameters are mutually exclusive: body|src")
	case !oneWord.MatchString(m.Method):
		return modules.Invalid("Parameter 'method' needs to be a single word in uppercase, like GET or POST.")
	}
	return m.Check(m.URL)
}

// Run asks, and looks at the answer.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if told, err := m.needless(ctx); told != "" || err != nil {
		return modules.Result{Data: modules.Data("stdout", values.String(told), "stdout_lines", modules.Lines(told))}, err
	}
	if at, err := url.Parse(m.URL); err == nil && at.Scheme == "" {
		return modules.Result{Data: modules.Data("status", values.Int(-1), "url", values.String(m.URL))}, modules.Fail("unknown url type: '%s'", m.URL)
	}
	request, err := m.request(ctx, sys)
	if err != nil {
		return modules.Result{}, err
	}
	file, err := m.file(ctx)
	if err != nil {
		return modules.Result{}, err
	}
	if !file.since.IsZero() {
		request.Header.Set("If-Modified-Since", file.since.UTC().Format(http.TimeFormat))
	}
	began := time.Now()
	answer, err := request.Do(ctx, sys)
	if err != nil {
		return m.unanswered(began, err)
	}
	defer answer.Body.Close()
	body, err := readAll(answer)
	if err != nil {
		return modules.Result{}, err
	}
	data := m.tell(answer, body, began)
	result := modules.Result{Data: data}
	if result.Msg, err = m.verdict(answer.Status, answer.Said()); err != nil || m.Dest == "" {
		return result, err // what is not wanted takes no place
	}
	if err := m.keep(ctx, sys, file, answer, body, data); err != nil {
		return modules.Result{}, err
	}
	result.Changed = answer.Status != http.StatusNotModified
	return result, nil
}

// needless says why nothing is to be asked.
func (m *Module) needless(ctx context.Context) (string, error) {
	for _, condition := range []struct {
		file string
		is   bool
		word string
	}{{m.Creates, true, "exists"}, {m.Removes, false, "does not exist"}} {
		if condition.file == "" {
			continue
		}
		about, err := web.Stat(ctx, m.host, condition.file)
		if err != nil {
			return "", err
		}
		if about.IsNull() != condition.is {
			return fmt.Sprintf("skipped, since '%s' %s", condition.file, condition.word), nil
		}
	}
	return "", nil
}

func (m *Module) request(ctx context.Context, sys modules.System) (web.Request, error) {
	r, err := m.Request(ctx, m.host, m.Authority)
	if err != nil {
		return r, err
	}
	r.URL, r.Method, r.Username, r.Timeout, r.UnixSocket = m.URL, m.Method, m.Username, m.Timeout, m.UnixSocket
	r.Redirects = map[string]web.Redirects{"all": web.AllRedirects, "yes": web.AllRedirects, "urllib2": web.AllRedirects, "none": web.NoRedirects}[m.Redirects]
	if m.Redirects == "safe" || m.Redirects == "no" {
		r.Redirects = web.SafeRedirects
	}
	if m.Anew {
		r.Header.Set("Cache-Control", "no-cache")
	}
	var kind string
	if r.Body, kind, err = m.body(ctx, sys); err != nil {
		return r, err
	}
	if kind != "" && (r.Header.Get("Content-Type") == "" || m.BodyFormat == "form-multipart") {
		r.Header.Set("Content-Type", kind)
	}
	return r, nil
}

// unanswered tells of a server that could not be asked.
func (m *Module) unanswered(began time.Time, why error) (modules.Result, error) {
	if errors.Is(why, context.Canceled) {
		return modules.Result{}, why
	}
	msg, err := m.verdict(-1, why.Error())
	return modules.Result{Msg: msg, Data: modules.Data("status", values.Int(-1), "elapsed", values.Int(int64(time.Since(began).Seconds())),
		"redirected", values.False, "url", values.String(m.URL))}, err
}

// verdict is the message about an answer, or the error where that status will not do.
func (m *Module) verdict(status int, said string) (string, error) {
	if slices.Contains(m.Status, status) {
		return said, nil
	}
	wanted := strings.ReplaceAll(fmt.Sprint(m.Status), " ", ", ")
	return "", modules.Fail("Status code was %d and not %s: %s", status, wanted, said)
}

// readLimit is how long a body may be.
const readLimit = 64 << 20

func readAll(a *web.Answer) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(a.Body, readLimit+1))
	if err == nil && len(body) > readLimit {
		err = fmt.Errorf("the answer has more than %d MB: get_url keeps such a one in a file", readLimit>>20)
	}
	return body, err
}

// place is where the body goes.
type place struct {
	file string
	// isDir says that file is a directory.
	isDir bool
	// since is when the file that is there was changed.
	since time.Time
}

func (m *Module) file(ctx context.Context) (place, error) {
	if m.Dest == "" {
		return place{}, nil
	}
	about, err := web.Stat(ctx, m.host, m.Dest)
	if err != nil || about.IsNull() {
		return place{file: m.Dest}, err
	}
	if isDir, _ := about.Get("isdir"); isDir.Truthy() {
		return place{file: m.Dest, isDir: true}, nil
	}
	changed, _ := about.Get("mtime")
	seconds, _ := changed.AsFloat()
	return place{file: m.Dest, since: time.Unix(int64(seconds), 0)}, nil
}

// keep puts the body into its file and adds what that is.
func (m *Module) keep(ctx context.Context, sys modules.System, to place, a *web.Answer, body []byte, data *values.Map) error {
	if to.isDir {
		to.file = path.Join(to.file, web.NameOf(a.URL))
	}
	said, err := m.put(ctx, sys, to.file, a, body)
	if err != nil {
		return err
	}
	for _, key := range []string{"uid", "gid", "owner", "group", "mode", "state", "size"} {
		if v, ok := said.Get(key); ok {
			data.Set(key, v)
		}
	}
	data.Set("path", values.String(to.file))
	return nil
}

func (m *Module) put(ctx context.Context, sys modules.System, file string, a *web.Answer, body []byte) (values.Value, error) {
	if a.Status == http.StatusNotModified {
		return web.Call(ctx, m.host, "file", web.Owned(m.Ownership, "path", values.String(file), "state", values.String("file"))...)
	}
	here, err := sys.WriteTemp("body", body)
	if err != nil {
		return values.Null, err
	}
	src, err := m.host.Offer(here)
	if err != nil {
		return values.Null, err
	}
	return web.Call(ctx, m.host, "copy", web.Owned(m.Ownership, "src", src, "dest", values.String(file))...)
}
