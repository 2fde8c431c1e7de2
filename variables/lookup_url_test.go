package variables

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// TestLookupURL asks a server on this machine.
func TestLookupURL(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/lines", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("one\r\ntwo {{ 1 }}\n")) })
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = w.Write([]byte(strings.Join([]string{user, password, r.Header.Get("X-A"), r.UserAgent(), r.Header.Get("Cache-Control")}, "|")))
	})
	mux.Handle("/moved", http.RedirectHandler("/who", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	tls := httptest.NewTLSServer(mux)
	defer tls.Close()
	vars := values.MapOf("url", values.String(server.URL), "tls", values.String(tls.URL), "ansible_lookup_url_agent", values.String("me"))
	m, _ := vars.AsMap()
	sc := NewStore(Options{Getenv: func(string) string { return "" }}).Scope(Context{Host: "h1", Play: &playbooks.Play{Keywords: playbooks.Keywords{Vars: m}}})
	for template, want := range map[string]string{
		"{{ q('url', url ~ '/lines') }}":                                                                        "['one', 'two {{ 1 }}']",
		"{{ lookup('ansible.builtin.url', url ~ '/lines', split_lines=false)|length }}":                         "17",
		"{{ lookup('url', url ~ '/who', username='u', password='p', headers={'X-A': 5}, force=true) }}":         "u|p|5|me|no-cache",
		"{{ lookup('url', url ~ '/moved', unredirected_headers=['x-a'], headers={'X-A': 5}, http_agent='x') }}": "|||x|",
		"{{ lookup('url', tls ~ '/who', validate_certs=false) }}":                                               "|||me|",
		"{{ lookup('url', url ~ '/none', errors='ignore', wantlist=true) }}":                                    "[]",
	} {
		got, err := sc.Text(values.String(template))
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", template, got, err, want)
		}
	}
	for template, want := range map[string]string{
		"{{ lookup('url', url ~ '/none') }}":                         "Received HTTP error for " + server.URL + "/none : HTTP Error 404: Not Found",
		"{{ lookup('url', url ~ '/moved', follow_redirects='no') }}": "HTTP Error 302",
		"{{ lookup('url', tls ~ '/who') }}":                          "Error validating the server's certificate for",
		"{{ lookup('url', 'http://127.0.0.1:1/') }}":                 "Failed lookup url for http://127.0.0.1:1/ : ",
		"{{ lookup('url', url, use_gssapi=true) }}":                  "use_gssapi is not supported",
		"{{ lookup('url', url, timeout='soon') }}":                   "not a number of seconds",
	} {
		if _, err := sc.Text(values.String(template)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", template, err, want)
		}
	}
}
