// Package http_check asks a URL, as the managed host sees it, until the answer is the one
// that is wanted. The host opens the connection; HTTP and TLS are spoken here.
package http_check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
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
	NotContains   string            `json:"not_contains" help:"text that the body must not contain"`
	Headers       map[string]string `json:"headers" aliases:"header" help:"headers to send"`
	Host          string            `json:"host" help:"the Host header and TLS server name, where they are not those of the url"`
	Timeout       time.Duration     `json:"timeout" default:"10" help:"how long to go on asking until the answer is right; 0 asks once"`
	Interval      time.Duration     `json:"interval" default:"1" help:"the pause between two questions"`
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
	client := m.client(sys)
	defer client.CloseIdleConnections()
	start := time.Now()
	limit, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	var last answer
	for attempt := 1; ; attempt++ {
		if got := m.ask(m.askLimit(ctx, limit), client); attempt == 1 || limit.Err() == nil || got.err == nil {
			last = got
		}
		elapsed := time.Since(start)
		wrong := m.wrong(last)
		if wrong == "" {
			return modules.Result{Data: m.data(last, elapsed, attempt)}, nil
		}
		select {
		case <-limit.Done():
			return modules.Result{Data: m.data(last, elapsed, attempt)}, m.failure(ctx, last, wrong, elapsed, attempt)
		case <-time.After(m.Interval):
		}
	}
}

// askLimit bounds one question: by the whole time, unless that asks for a single one.
func (m *Module) askLimit(ctx, limit context.Context) context.Context {
	if m.Timeout == 0 {
		return ctx
	}
	return limit
}

// answer is what came of one question.
type answer struct {
	status  int
	content string
	err     error
}

// readLimit is how much of a body is looked at.
const readLimit = 1 << 20

func (m *Module) client(sys modules.System) *http.Client {
	transport := &http.Transport{
		DialContext:       sys.Dial,
		DisableKeepAlives: true, // every question shall reach the process that listens now
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: !m.ValidateCerts, ServerName: hostname(m.Host)},
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: noRedirect, Timeout: m.AnswerTimeout}
}

func hostname(host string) string {
	name, _, _ := strings.Cut(host, ":")
	return name
}

func (m *Module) ask(ctx context.Context, client *http.Client) answer {
	request, err := http.NewRequestWithContext(ctx, m.Method, m.URL, nil)
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("User-Agent", "gdeploy")
	for name, value := range m.Headers {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "host") {
			request.Host = value
		}
	}
	if m.Host != "" {
		request.Host = m.Host
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{err: m.reason(err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, readLimit))
	return answer{response.StatusCode, string(body), err}
}

// reason takes off what the http client puts before an error: method and URL, said already.
func (m *Module) reason(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it took longer than %s", min(m.AnswerTimeout, max(m.Timeout, time.Second)))
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}

// wrong says what is not as it should be; empty where all is.
func (m *Module) wrong(got answer) string {
	switch {
	case got.err != nil:
		return "there was no answer"
	case !slices.Contains(m.Status, got.status):
		return "status must be " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(m.Status)), " or "), "[]")
	case !strings.Contains(got.content, m.Contains):
		return fmt.Sprintf("the body must contain %q", m.Contains)
	case m.NotContains != "" && strings.Contains(got.content, m.NotContains):
		return fmt.Sprintf("the body must not contain %q", m.NotContains)
	}
	return ""
}

func (m *Module) failure(ctx context.Context, got answer, wrong string, elapsed time.Duration, attempts int) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s %s: %w", m.Method, m.URL, err)
	}
	tried := fmt.Sprintf("asked %d times in %s", attempts, elapsed.Round(100*time.Millisecond))
	if got.err != nil {
		return fmt.Errorf("%s %s, as this host sees it: no answer: %w (%s)", m.Method, m.URL, got.err, tried)
	}
	return fmt.Errorf("%s %s, as this host sees it: %s; the last answer was %d: %q (%s)",
		m.Method, m.URL, wrong, got.status, excerpt(got.content, 200), tried)
}

// excerpt is the beginning of a text.
func excerpt(text string, length int) string {
	text = strings.ToValidUTF8(text, "?")
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length]) + "..."
	}
	return text
}

func (m *Module) data(got answer, elapsed time.Duration, attempts int) *values.Map {
	data, _ := values.MapOf(
		"url", values.String(m.URL),
		"status", values.Int(int64(got.status)),
		"content", values.String(excerpt(got.content, 4096)),
		"elapsed", values.Float(elapsed.Seconds()),
		"attempts", values.Int(int64(attempts)),
	).AsMap()
	return data
}
