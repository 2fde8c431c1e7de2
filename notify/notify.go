// Package notify tells people and programs outside what a run does: by a web hook, or by a
// command that reads it on stdin.
package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is what there is to tell.
type Event string

// The events.
const (
	Start    Event = "start"    // a run begins
	Hold     Event = "hold"     // it waits for somebody to say yes
	Success  Event = "success"  // a deploy came to its end
	Failure  Event = "failure"  // a run did not come to its end
	Rollback Event = "rollback" // hosts went back to an earlier release
)

// Events are all there are.
var Events = []Event{Start, Hold, Success, Failure, Rollback}

// Message is what is told, and the JSON that web hooks and commands get.
type Message struct {
	Event Event `json:"event"`
	// Text is a sentence or two for people.
	Text        string `json:"text"`
	App         string `json:"app,omitempty"`
	Environment string `json:"environment,omitempty"`
	Playbook    string `json:"playbook"`
	Run         string `json:"run"`
	Who         string `json:"who"`
	Limit       string `json:"limit,omitempty"`
	// Hosts gives for each host that was switched the release that it has now.
	Hosts map[string]string `json:"hosts,omitempty"`
	// Reason is why a run did not come to its end.
	Reason  string    `json:"reason,omitempty"`
	Time    time.Time `json:"time"`
	Seconds float64   `json:"seconds,omitempty"` // since the run began
}

// Target is one who is told.
type Target struct {
	// URL of a web hook, or Command for /bin/sh, which gets the JSON on stdin.
	URL     string `json:"url"`
	Command string `json:"command"`
	// Format is json, dingtalk or wecom.
	Format string `json:"format"`
	// Secret signs messages to DingTalk.
	Secret string `json:"secret"`
	// Events are those that it wants; all where none is named.
	Events []Event `json:"events"`
	// Headers go with the request, such as Authorization.
	Headers map[string]string `json:"headers"`
}

// Check refuses a target that cannot be told anything.
func (t Target) Check() error {
	var errs []error
	if (t.URL == "") == (t.Command == "") {
		errs = append(errs, errors.New("one of url and command says who is told, not both"))
	}
	if u, err := url.Parse(t.URL); t.URL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, errors.New("url is no URL of http or https")) // it may be secret
	}
	if !slices.Contains([]string{"", "json", "dingtalk", "wecom"}, t.Format) {
		errs = append(errs, fmt.Errorf("format is %q, and must be json, dingtalk or wecom", t.Format))
	}
	for _, e := range t.Events {
		if !slices.Contains(Events, e) {
			errs = append(errs, fmt.Errorf("events has %q, and there are start, hold, success, failure and rollback", e))
		}
	}
	return errors.Join(errs...)
}

// Wants reports whether the target is to be told of an event.
func (t Target) Wants(e Event) bool { return len(t.Events) == 0 || slices.Contains(t.Events, e) }

// Name names the target in messages, without what may be secret in its URL.
func (t Target) Name() string {
	if u, err := url.Parse(t.URL); t.URL != "" && err == nil {
		return u.Host
	}
	return "the command"
}

// Send tells the target. What it answers is read, since some say no with status 200.
func (t Target) Send(ctx context.Context, m Message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if t.Command != "" {
		return t.run(ctx, text)
	}
	if t.Format == "dingtalk" || t.Format == "wecom" {
		content := map[string]string{"content": m.Text}
		if text, err = json.Marshal(map[string]any{"msgtype": "text", "text": content}); err != nil {
			return err
		}
	}
	return t.post(ctx, text, m.Time)
}

func (t Target) run(ctx context.Context, text []byte) error {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", t.Command)
	cmd.Stdin = bytes.NewReader(append(text, '\n'))
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, short(out))
	}
	return nil
}

func (t Target) post(ctx context.Context, text []byte, now time.Time) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.signed(now), bytes.NewReader(text))
	if err != nil {
		return errors.New("its url cannot be used")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	for name, value := range t.Headers {
		request.Header.Set(name, value)
	}
	answer, err := direct.Do(request)
	var known *url.Error
	if errors.As(err, &known) {
		err = known.Err // the rest has the URL, which may be secret
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err == nil {
		err = refusal(answer, said)
	}
	return err
}

// direct follows no redirect: it would ask the other place with GET and without the message,
// and take a page to log in for a yes.
var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// signed adds the signature that DingTalk wants.
func (t Target) signed(now time.Time) string {
	if t.Format != "dingtalk" || t.Secret == "" {
		return t.URL
	}
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(t.Secret))
	mac.Write([]byte(stamp + "\n" + t.Secret))
	sign := url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	join := "?"
	if strings.Contains(t.URL, "?") {
		join = "&"
	}
	return t.URL + join + "timestamp=" + stamp + "&sign=" + sign
}

// refusal reads a status that is no success, or the errcode of DingTalk and WeCom.
func refusal(answer *http.Response, said []byte) error {
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s: %s", answer.Status, short(said))
	}
	var code struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
	}
	if json.Unmarshal(said, &code) == nil && code.Code != 0 {
		return fmt.Errorf("it answered error %d: %s", code.Code, code.Text)
	}
	return nil
}

func short(said []byte) string {
	text := strings.ToValidUTF8(strings.TrimSpace(string(said)), "")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "..."
	}
	return text
}
