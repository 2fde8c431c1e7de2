package lookups

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// maxBody bounds what the lookup url reads of an answer.
const maxBody = 256 << 20

// urlOptions are those of the lookup url, with the variable that each is also read from.
// In upper case, that is a name in the environment too.
var urlOptions = map[string]string{
	"ca_path":              "ansible_lookup_url_ca_path",
	"ciphers":              "ansible_lookup_url_ciphers",
	"follow_redirects":     "ansible_lookup_url_follow_redirects",
	"force":                "ansible_lookup_url_force",
	"force_basic_auth":     "",
	"headers":              "",
	"http_agent":           "ansible_lookup_url_agent",
	"password":             "",
	"split_lines":          "",
	"timeout":              "ansible_lookup_url_timeout",
	"unix_socket":          "ansible_lookup_url_unix_socket",
	"unredirected_headers": "ansible_lookup_url_unredir_headers",
	"use_gssapi":           "ansible_lookup_url_use_gssapi",
	"use_netrc":            "ansible_lookup_url_use_netrc",
	"use_proxy":            "",
	"username":             "",
	"validate_certs":       "",
}

// url gives what HTTP servers answer, as the controller reaches them.
func url(q *Query) ([]values.Value, error) {
	if err := q.only(slices.Sorted(maps.Keys(urlOptions))...); err != nil {
		return nil, err
	}
	if err := q.urlDefaults(); err != nil {
		return nil, err
	}
	client, err := q.httpClient()
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	var out []values.Value
	for _, term := range q.Terms {
		body, err := q.get(client, values.Text(term))
		if err != nil {
			return nil, err
		}
		if !q.flag("split_lines", true) {
			out = append(out, values.String(body))
			continue
		}
		for line := range strings.Lines(body) {
			out = append(out, values.String(strings.TrimRight(line, "\r\n")))
		}
	}
	return out, nil
}

// urlDefaults fills in options from variables and the environment.
func (q *Query) urlDefaults() error {
	filled := q.Options.Clone()
	for name, variable := range urlOptions {
		if _, given := filled.Get(name); given || variable == "" {
			continue
		}
		v, ok, err := q.From.Lookup(variable)
		if err != nil {
			return err
		}
		if text, set := q.From.Getenv(strings.ToUpper(variable)); !ok && set {
			v, ok = values.String(text), true
		}
		if ok {
			filled.Set(name, v)
		}
	}
	q.Options = filled
	return q.urlRefused()
}

func (q *Query) urlRefused() error {
	if q.text("ciphers", "") != "" {
		return errors.New("lookup url: the option ciphers is not supported: Go's choice of ciphers is used")
	}
	if q.flag("use_gssapi", false) {
		return errors.New("lookup url: the option use_gssapi is not supported: use lookup('pipe', 'curl --negotiate -u : ...')")
	}
	return nil
}

func (q *Query) httpClient() (*http.Client, error) {
	seconds, err := time.ParseDuration(q.text("timeout", "10") + "s")
	if err != nil {
		return nil, fmt.Errorf("lookup url: the timeout %q is not a number of seconds", q.text("timeout", ""))
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: !q.flag("validate_certs", true)}} //nolint:gosec // the playbook's choice
	if path := q.text("ca_path", ""); path != "" {
		if transport.TLSClientConfig.RootCAs, err = certificates(path); err != nil {
			return nil, err
		}
	}
	transport.RegisterProtocol("file", http.NewFileTransport(http.Dir("/")))
	if q.flag("use_proxy", true) {
		transport.Proxy = http.ProxyFromEnvironment
	}
	if socket := q.text("unix_socket", ""); socket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}
	}
	return &http.Client{Transport: transport, Timeout: seconds, CheckRedirect: q.redirects()}, nil
}

// redirects says whether redirects are followed: all kinds are but none, since the
// lookup reads only.
func (q *Query) redirects() func(*http.Request, []*http.Request) error {
	follow := !slices.Contains([]string{"none", "no", "false"}, strings.ToLower(q.text("follow_redirects", "urllib2")))
	dropped := q.words("unredirected_headers")
	return func(req *http.Request, via []*http.Request) error {
		if !follow {
			return http.ErrUseLastResponse
		}
		if len(via) >= 10 {
			return errors.New("more than 10 redirects")
		}
		for _, name := range dropped {
			req.Header.Del(name)
		}
		return nil
	}
}

// words reads an option that is a list, or words with commas between.
func (q *Query) words(name string) []string {
	v, _ := q.Options.Get(name)
	if v.Kind() == values.KindList {
		var words []string
		for _, item := range v.Items() {
			words = append(words, values.Text(item))
		}
		return words
	}
	var words []string
	for word := range strings.SplitSeq(q.text(name, ""), ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

func certificates(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("lookup url: read ca_path: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("lookup url: there is no certificate in ca_path %s", path)
	}
	return pool, nil
}

func (q *Query) get(client *http.Client, address string) (string, error) {
	req, err := http.NewRequestWithContext(q.Ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("Failed lookup url for %s : %w", address, err) //lint:ignore ST1005 as Ansible says it
	}
	q.headers(req)
	resp, err := client.Do(req)
	if err != nil {
		return "", urlError(address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode >= 300 {
		//lint:ignore ST1005 as Ansible says it
		return "", fmt.Errorf("Received HTTP error for %s : HTTP Error %d: %s", address, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return "", urlError(address, err)
	}
	if len(body) == maxBody {
		return "", fmt.Errorf("lookup url: %s answers with more than %d MB", address, maxBody>>20)
	}
	return string(body), nil
}

func urlError(address string, err error) error {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fmt.Errorf("Error validating the server's certificate for %s: %w", address, err) //lint:ignore ST1005 as Ansible says it
	}
	return fmt.Errorf("Failed lookup url for %s : %w", address, err) //lint:ignore ST1005 as Ansible says it
}

func (q *Query) headers(req *http.Request) {
	req.Header.Set("User-Agent", q.text("http_agent", "ansible-httpget"))
	if q.flag("force", false) {
		req.Header.Set("Cache-Control", "no-cache")
	}
	v, _ := q.Options.Get("headers")
	if m, ok := v.AsMap(); ok {
		for name, value := range m.All() {
			req.Header.Set(values.Text(name), values.Text(value))
		}
	}
	user, password := q.text("username", ""), q.text("password", "")
	if user == "" && req.URL.User != nil {
		user = req.URL.User.Username()
		password, _ = req.URL.User.Password()
	}
	if user == "" && q.flag("use_netrc", true) {
		user, password = q.netrc(req.URL.Hostname())
	}
	if user != "" && req.Header.Get("Authorization") == "" {
		req.SetBasicAuth(user, password)
	}
}

// netrc finds the login for a host in the file that NETRC names, or ~/.netrc.
func (q *Query) netrc(host string) (user, password string) {
	path, ok := q.From.Getenv("NETRC")
	if home, set := q.From.Getenv("HOME"); !ok && set {
		path = home + "/.netrc"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", ""
	}
	matches := false
	words := strings.Fields(string(text))
	for i := 0; i < len(words); i++ {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch words[i] {
		case "default":
			if user != "" {
				return user, password
			}
			matches = true
			continue
		case "machine":
			if matches && user != "" {
				return user, password
			}
			matches = next == host
		case "login":
			if matches {
				user = next
			}
		case "password":
			if matches {
				password = next
			}
		}
		i++
	}
	return user, password
}
