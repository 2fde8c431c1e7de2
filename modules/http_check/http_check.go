// Package http_check asks a URL, as the managed host sees it, until the answer is the one
// that is wanted. The host opens the connection; HTTP and TLS are spoken here.
package http_check

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/http_check/probe"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "http_check", Where: modules.OnController, Check: modules.Skip, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	URL           string            `json:"url" required:"true" help:"what to ask, http or https; 127.0.0.1 is the managed host itself"`
	Method        string            `json:"method" default:"GET" help:"the HTTP method"`
	Status        []int             `json:"status" default:"200" help:"the status, or statuses, that will do"`
	Contains      string            `json:"contains" help:"text that the body must contain"`
	Word          string            `json:"word" help:"the same, but not as a part of a longer word: v1 is not found in v10 or v1.2"`
	NotContains   string            `json:"not_contains" help:"text that the body must not contain"`
	Headers       map[string]string `json:"headers" aliases:"header" help:"headers to send"`
	Host          string            `json:"host" help:"the Host header and TLS server name, where they are not those of the url"`
	Timeout       time.Duration     `json:"timeout" default:"10" help:"how long to go on asking until the answer is right; 0 asks once"`
	Interval      time.Duration     `json:"interval" default:"1" help:"the longest pause between two questions; the first are shorter while nobody answers"`
	AnswerTimeout time.Duration     `json:"answer_timeout" default:"10" help:"how long one answer may take"`
	ValidateCerts bool              `json:"validate_certs" default:"yes" help:"refuse a certificate that is not valid"`
}

// Validate refuses what can never pass.
func (m *Module) Validate() error {
	parsed, err := url.Parse(m.URL)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return modules.Invalid("url is %q, and must be like http://127.0.0.1:8080/healthz", m.URL)
	}
	if _, err := http.NewRequest(m.Method, m.URL, nil); err != nil {
		return modules.Invalid("%s", err)
	}
	return nil
}

// Run asks until the answer is right or the time is over.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	got, err := probe.Probe{
		Method: m.Method, URL: m.URL, Host: m.Host, Headers: m.Headers,
		Status: m.Status, Contains: m.Contains, Word: m.Word, NotContains: m.NotContains,
		Timeout: m.Timeout, Interval: m.Interval, AnswerTimeout: m.AnswerTimeout, AnyCertificate: !m.ValidateCerts,
	}.Ask(ctx, sys)
	data := modules.Data(
		"url", values.String(m.URL),
		"status", values.Int(int64(got.Status)),
		"content", values.String(got.Excerpt(4096)),
		"elapsed", values.Float(got.Elapsed.Seconds()),
		"attempts", values.Int(int64(got.Attempts)))
	return modules.Result{Data: data}, err
}
