package notify_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/notify"
)

// receiver writes down the last request, and answers what it is told to.
type receiver struct {
	*httptest.Server
	body, query, kind string
	status            int
	answer            string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200, answer: `{"errcode":0}`}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		r.body, r.query, r.kind = string(text), q.URL.RawQuery, q.Header.Get("Content-Type")+q.Header.Get("X-Token")
		if q.URL.Path == "/login" {
			return // a page that says nothing of the message
		}
		w.Header().Set("Location", "/login")
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

var message = notify.Message{Event: notify.Success, Text: "shop: <fine>", App: "shop", Run: "r1", Who: "ada@ops1", Time: time.UnixMilli(1700000000000).UTC()}

func TestFormats(t *testing.T) {
	r := newReceiver(t)
	for _, c := range []struct {
		target      notify.Target
		body, query string
	}{
		{notify.Target{URL: r.URL}, `{"event":"success","text":"shop: \u003cfine\u003e","app":"shop","playbook":"","run":"r1","who":"ada@ops1","time":"2023-11-14T22:13:20Z"}`, ""},
		{notify.Target{URL: r.URL, Format: "wecom"}, `{"msgtype":"text","text":{"content":"shop: \u003cfine\u003e"}}`, ""},
		{
			notify.Target{URL: r.URL + "?access_token=x", Format: "dingtalk", Secret: "this is a secret"}, `{"msgtype":"text","text":{"content":"shop: \u003cfine\u003e"}}`,
			// checked with another implementation of HMAC
			"access_token=x&timestamp=1700000000000&sign=LdEUIXwpoL8n3zRA16VP07IGUghfkzNTVAq3jVt7RvE%3D",
		},
	} {
		if err := c.target.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		if r.body != c.body || r.query != c.query {
			t.Errorf("%s: got %s ?%s\nwant %s ?%s", c.target.Format, r.body, r.query, c.body, c.query)
		}
	}
}

func TestRefusalsAreErrorsWithoutTheURL(t *testing.T) {
	r := newReceiver(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct {
		status       int
		answer, want string
		url          string
	}{
		{302, "", "it answered 302 Found", r.URL},
		{500, "out of order", "it answered 500 Internal Server Error: out of order", r.URL},
		{200, `{"errcode":310000,"errmsg":"sign not match"}`, "it answered error 310000: sign not match", r.URL},
		{200, "", "connection refused", gone.URL},
	} {
		r.status, r.answer = c.status, c.answer
		err := notify.Target{URL: c.url + "/?token=hunter2", Format: "wecom"}.Send(t.Context(), message)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("told %v, want %q", err, c.want)
		}
	}
}

func TestCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "told")
	if err := (notify.Target{Command: "cat >" + file}).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"who":"ada@ops1"`) {
		t.Errorf("it was told %q (%v)", text, err)
	}
	if err := (notify.Target{Command: "echo no mail here >&2; exit 3"}).Send(t.Context(), message); err == nil || err.Error() != "exit status 3: no mail here" {
		t.Errorf("a command that fails: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := (notify.Target{Command: "exec sleep 60"}).Send(ctx, message); err == nil {
		t.Error("a command that hangs was waited for")
	}
}

func TestCheck(t *testing.T) {
	for want, target := range map[string]notify.Target{
		"one of url and command": {},
		"no URL of http":         {URL: "hooks.example.com"},
		`format is "slack"`:      {URL: "http://x", Format: "slack"},
		`events has "sucess"`:    {Command: "true", Events: []notify.Event{"sucess"}},
	} {
		if err := target.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", target, err, want)
		}
	}
}
