// Package probe asks a URL until the answer is the one that is wanted.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Probe says what to ask and what the answer must be.
type Probe struct {
	Method, URL string
	// Host is the Host header and TLS server name, where they are not those of the URL.
	Host    string
	Headers map[string]string
	// Status are those that will do; empty texts are not looked for.
	Status                []int
	Contains, NotContains string
	// Word is like Contains, but "v1" is not found in "v10" or "v1.2".
	Word string
	// Timeout is how long to go on asking; 0 asks once. Interval is the pause between two
	// questions; while nobody answers, as when a service starts, pauses begin short and grow to it.
	Timeout, Interval, AnswerTimeout time.Duration
	// AnyCertificate takes certificates that are not valid.
	AnyCertificate bool
}

// Answer is what came of the last question.
type Answer struct {
	Status  int
	Content string
	// Elapsed is the time since the first question.
	Elapsed  time.Duration
	Attempts int
	err      error
}

// Ask asks until the answer is right. The error says what the last one was.
func (p Probe) Ask(ctx context.Context, network modules.Network) (Answer, error) {
	client := p.client(network)
	defer client.CloseIdleConnections()
	start := time.Now()
	limit, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	var last Answer
	pause := min(firstPause, p.Interval)
	for attempt := 1; ; attempt++ {
		// An answer that the end of the time has cut off tells less than the one before.
		if got := p.once(p.limit(ctx, limit), client); attempt == 1 || limit.Err() == nil || got.err == nil {
			last = got
		}
		last.Elapsed, last.Attempts = time.Since(start), attempt
		wrong := p.wrong(last)
		if wrong == "" {
			return last, nil
		}
		if last.err == nil {
			pause = p.Interval
		}
		select {
		case <-limit.Done():
			return last, p.failure(ctx, last, wrong)
		case <-time.After(pause):
		}
		pause = min(2*pause, p.Interval)
	}
}

// firstPause is the first pause where nobody answers yet. Asking a port that nobody listens
// on costs next to nothing, and most services listen after some tens of milliseconds.
const firstPause = 10 * time.Millisecond

// limit bounds one question: by the whole time, unless that asks for a single one.
func (p Probe) limit(ctx, whole context.Context) context.Context {
	if p.Timeout == 0 {
		return ctx
	}
	return whole
}

func (p Probe) client(network modules.Network) *http.Client {
	name, _, _ := strings.Cut(p.Host, ":")
	transport := &http.Transport{
		DialContext:       network.Dial,
		DisableKeepAlives: true, // every question shall reach the process that listens now
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: p.AnyCertificate, ServerName: name},
	}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: noRedirect, Timeout: p.AnswerTimeout}
}

// readLimit is how much of a body is looked at.
const readLimit = 1 << 20

func (p Probe) once(ctx context.Context, client *http.Client) Answer {
	request, err := http.NewRequestWithContext(ctx, p.Method, p.URL, nil)
	if err != nil {
		return Answer{err: err}
	}
	request.Header.Set("User-Agent", "gdeploy")
	for name, value := range p.Headers {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "host") {
			request.Host = value
		}
	}
	if p.Host != "" {
		request.Host = p.Host
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{err: p.reason(err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, readLimit))
	return Answer{Status: response.StatusCode, Content: string(body), err: err}
}

// reason takes off what the http client puts before an error: method and URL, said already.
func (p Probe) reason(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		took := p.AnswerTimeout
		if p.Timeout > 0 {
			took = min(took, p.Timeout)
		}
		return fmt.Errorf("it took longer than %s", took)
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}

// wrong says what is not as it should be; empty where all is.
func (p Probe) wrong(got Answer) string {
	switch {
	case got.err != nil:
		return "there was no answer"
	case !slices.Contains(p.Status, got.Status):
		return "status must be " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(p.Status)), " or "), "[]")
	case !strings.Contains(got.Content, p.Contains):
		return fmt.Sprintf("the body must contain %q", p.Contains)
	case p.Word != "" && !hasWord(got.Content, p.Word):
		return fmt.Sprintf("the body must contain %q as a word of its own", p.Word)
	case p.NotContains != "" && strings.Contains(got.Content, p.NotContains):
		return fmt.Sprintf("the body must not contain %q", p.NotContains)
	}
	return ""
}

// hasWord reports that text holds word, and not only as a part of a longer one. A release
// may stand in a file name, so that _ and - may stand before it.
func hasWord(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		before, after := text[:at+i], text[at+i+len(word):]
		if !wordBefore.MatchString(before[max(0, len(before)-1):]) && !wordAfter.MatchString(after[:min(2, len(after))]) {
			return true
		}
		at += i + 1
	}
}

var (
	wordBefore = regexp.MustCompile(`[A-Za-z0-9.]$`)
	wordAfter  = regexp.MustCompile(`^([A-Za-z0-9_+-]|\.[A-Za-z0-9])`)
)

func (p Probe) failure(ctx context.Context, got Answer, wrong string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s %s: %w", p.Method, p.URL, err)
	}
	tried := fmt.Sprintf("asked %d times in %s", got.Attempts, got.Elapsed.Round(100*time.Millisecond))
	if got.err != nil {
		return fmt.Errorf("%s %s, as this host sees it: no answer: %w (%s)", p.Method, p.URL, got.err, tried)
	}
	return fmt.Errorf("%s %s, as this host sees it: %s; the last answer was %d: %q (%s)",
		p.Method, p.URL, wrong, got.Status, got.Excerpt(200), tried)
}

// Excerpt is the beginning of the body, as text.
func (a Answer) Excerpt(length int) string {
	text := strings.ToValidUTF8(a.Content, "?")
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length]) + "..."
	}
	return text
}
