// Package web speaks HTTP for the modules uri and get_url. The managed host opens the
// connections; HTTP and TLS are spoken here, so that the helper need not know them.
package web

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Request is one request with all that follows from it: redirects, and a second try with a
// name and password.
type Request struct {
	Method, URL string
	Body        []byte
	Header      http.Header
	// Username and Password are sent when the server asks for them (401), or at once
	// with Eager. None is sent to another host than that of the URL.
	Username, Password string
	Eager              bool
	Redirects          Redirects
	// Unredirected names headers that are not sent along to where a redirect leads.
	Unredirected []string
	// Timeout bounds connecting, and each wait for the server after that.
	Timeout time.Duration
	TLS     *tls.Config
	// UnixSocket is a path on the host to connect to, in place of the URL's host.
	UnixSocket string
	// Decompress reads what the server sent in gzip.
	Decompress bool
}

// Redirects says which redirects are followed.
type Redirects int

// None are followed, those of GET and HEAD, or all.
const (
	NoRedirects Redirects = iota
	SafeRedirects
	AllRedirects
)

// mostRedirects are followed; a server that wants more leads in a circle.
const mostRedirects = 10

// Answer is what came back in the end.
type Answer struct {
	// URL is where it came from, without a name and password.
	URL    string
	Status int
	// Reason is empty for a success (2xx), else what is wrong in Ansible's words.
	Reason string
	Header http.Header
	// Cookies are those that the last server set.
	Cookies []*http.Cookie
	// Body is to be closed. Where the answer is no success it may still tell something.
	Body io.ReadCloser
}

// Do asks, and follows. The error is for a server that could not be asked.
func (r Request) Do(ctx context.Context, network modules.Network) (*Answer, error) {
	at, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	if at.User != nil && r.Username == "" {
		r.Username = at.User.Username()
		r.Password, _ = at.User.Password()
	}
	at.User = nil
	home := at.Host
	client := r.client(network)
	for followed := 0; ; followed++ {
		response, err := r.ask(ctx, client, at, at.Host == home)
		if err != nil {
			return nil, r.reason(err, at)
		}
		next := r.follow(at, response)
		if next == nil || followed == mostRedirects {
			return r.answer(at, response, next != nil)
		}
		response.Body.Close()
		at = next
	}
}

func (r Request) client(network modules.Network) *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, kind, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, r.Timeout)
			defer cancel()
			if r.UnixSocket != "" {
				kind, address = "unix", r.UnixSocket
			}
			conn, err := network.Dial(ctx, kind, address)
			if err != nil {
				return nil, &dialError{err}
			}
			return patient{conn, r.Timeout}, nil
		},
		TLSClientConfig:    r.TLS,
		DisableKeepAlives:  true,
		DisableCompression: true, // the body is what the server sent
	}
	last := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: last}
}

// dialError marks a connection that did not come about.
type dialError struct{ error }

func (e *dialError) Unwrap() error { return e.error }

// patient is a connection that waits for its peer as long as timeout, each time.
type patient struct {
	net.Conn
	timeout time.Duration
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(p.timeout)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

func (p patient) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(p.timeout)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// ask sends the request, and once more with name and password where the server wants them.
func (r Request) ask(ctx context.Context, client *http.Client, at *url.URL, trusted bool) (*http.Response, error) {
	named := trusted && r.Username != ""
	response, err := r.send(ctx, client, at, named && r.Eager)
	if err != nil || !named || r.Eager || response.StatusCode != http.StatusUnauthorized || !wantsBasic(response) {
		return response, err
	}
	response.Body.Close()
	return r.send(ctx, client, at, true)
}

func wantsBasic(response *http.Response) bool {
	return slices.ContainsFunc(response.Header.Values("WWW-Authenticate"), func(challenge string) bool {
		scheme, _, _ := strings.Cut(challenge, " ")
		return strings.EqualFold(scheme, "basic")
	})
}

func (r Request) send(ctx context.Context, client *http.Client, at *url.URL, named bool) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, at.String(), strings.NewReader(string(r.Body)))
	if err != nil {
		return nil, err
	}
	request.Header = r.Header.Clone()
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	if len(r.Body) > 0 && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if named {
		request.SetBasicAuth(r.Username, r.Password)
	}
	return client.Do(request)
}

// follow gives where a redirect leads if it is to be followed, and makes r the request to be
// made there.
func (r *Request) follow(at *url.URL, response *http.Response) *url.URL {
	isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if r.Redirects == NoRedirects || r.Redirects == SafeRedirects && !isSafe {
		return nil
	}
	next, err := response.Location()
	if err != nil {
		return nil
	}
	switch response.StatusCode {
	case http.StatusMovedPermanently:
		if r.Method == http.MethodPost {
			r.plain()
		}
	case http.StatusFound, http.StatusSeeOther:
		if r.Method != http.MethodHead {
			r.plain()
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	r.Header = r.Header.Clone()
	for _, name := range r.Unredirected {
		r.Header.Del(name)
	}
	if next.Host != at.Host {
		r.Header.Del("Authorization")
	}
	next.User = nil
	return next
}

// plain makes it a GET without a body.
func (r *Request) plain() {
	r.Method, r.Body = http.MethodGet, nil
	r.Header = r.Header.Clone()
	r.Header.Del("Content-Type")
}

func (r Request) answer(at *url.URL, response *http.Response, circles bool) (*Answer, error) {
	a := &Answer{URL: at.String(), Status: response.StatusCode, Header: response.Header, Cookies: response.Cookies(), Body: response.Body}
	if to, err := response.Location(); err == nil {
		a.Header.Set("Location", to.String())
	}
	if len(response.TransferEncoding) > 0 {
		a.Header.Set("Transfer-Encoding", strings.Join(response.TransferEncoding, ", "))
	}
	if a.Status < 200 || a.Status > 299 {
		a.Reason = "HTTP Error " + response.Status
		if code, phrase, ok := strings.Cut(response.Status, " "); ok {
			if circles {
				phrase = "The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error message was:\n" + phrase
			}
			a.Reason = "HTTP Error " + code + ": " + phrase
		}
	}
	if r.Decompress && a.Header.Get("Content-Encoding") == "gzip" && r.Method != http.MethodHead {
		plain, err := gzip.NewReader(response.Body)
		if errors.Is(err, io.EOF) {
			return a, nil // there is no body
		}
		if err != nil {
			response.Body.Close()
			return nil, r.reason(err, at)
		}
		a.Body = unzipped{plain, response.Body}
	}
	return a, nil
}

// unzipped reads plain and closes the body that it comes from.
type unzipped struct {
	io.Reader
	io.Closer
}

// Said is the message about an answer: how much came, or what is wrong.
func (a *Answer) Said() string {
	if a.Reason != "" {
		return a.Reason
	}
	length := a.Header.Get("Content-Length")
	if length == "" {
		length = "unknown"
	}
	return "OK (" + length + " bytes)"
}

// NameOf is the file name that a URL ends with; index.html where it ends with none.
func NameOf(address string) string {
	at, err := url.Parse(address)
	if err != nil || path.Base(at.Path) == "/" || path.Base(at.Path) == "." {
		return "index.html"
	}
	return path.Base(at.Path)
}
