package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/debug"
	"github.com/gdeploy/gdeploy/modules/pause"
	"github.com/gdeploy/gdeploy/modules/set_fact"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
)

// The module do has an effect on a host: it notes its text there. Its parameters say how
// that ends.
type do struct {
	Text        string        `json:"text" help:"what is done"`
	Fail        bool          `json:"fail" help:"fails"`
	FailTimes   int           `json:"fail_times" help:"fails that many times on a host, then works"`
	Unreachable bool          `json:"unreachable" help:"the host cannot be reached"`
	Fenced      bool          `json:"fenced" help:"another run has the lock"`
	Same        bool          `json:"same" help:"changes nothing"`
	Skip        bool          `json:"skip" help:"skips"`
	Sleep       float64       `json:"sleep" help:"seconds that it takes"`
	Facts       *values.Map   `json:"facts" help:"facts that it finds"`
	Gives       values.Value  `json:"gives" help:"what register sees as gives"`
	Secret      string        `json:"secret" secret:"true" help:"is not shown"`
	Src         *modules.Blob `json:"src" from:"controller" help:"a file"`
	Rendered    *modules.Blob `json:"template" from:"controller,template" help:"a template"`
	Files       *modules.Tree `json:"files" from:"controller" help:"a tree"`
}

func (*do) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{}, errors.New("fake hosts do this themselves")
}

// say is a module of the controller that sets facts or says something.
type set struct {
	Values *values.Map `json:"values" help:"variables"`
}

func (s *set) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{Facts: s.Values}, nil
}

// lock is release_lock on the fake hosts.
type lock struct {
	Path     string  `json:"path" help:"the lock"`
	State    string  `json:"state" default:"held" help:"held or free"`
	Reason   string  `json:"reason" help:"why"`
	Wait     float64 `json:"wait" help:"seconds"`
	TakeOver bool    `json:"take_over" help:"take it"`
}

func (*lock) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{}, errors.New("fake hosts do this themselves")
}

func specs() []*modules.Spec {
	return append(cellSpecs(),
		&modules.Spec{Name: "do", FreeForm: "text", ReadOnly: true, New: func() modules.Module { return new(do) }},
		&modules.Spec{Name: "shell", FreeForm: "text", New: func() modules.Module { return new(do) }},
		&modules.Spec{Name: "balance", FreeForm: "text", Fenced: true, New: func() modules.Module { return new(do) }},
		&modules.Spec{Name: "set", Where: modules.OnController, New: func() modules.Module { return new(set) }},
		&modules.Spec{Name: "release_lock", New: func() modules.Module { return new(lock) }},
		&modules.Spec{Name: "ping", New: func() modules.Module { return new(do) }},
		&pause.Spec,
		&debug.Spec,
		&set_fact.Spec,
	)
}

// fakeHosts are hosts in memory: what is done there is noted in the order in which it
// began. A host is dead once a call to it was unreachable.
type fakeHosts struct {
	mu       sync.Mutex
	done     []effect
	dead     map[string]bool
	failures map[string]int
	locks    map[string]string // "host path" -> run
	inFlight int
	most     int
	batches  []int
	trips    int // calls and batches that were sent
	probed   int // probes that were answered
	// parallelUndo says that hosts take back beside each other in this test.
	parallelUndo bool
	during       func(call modules.Call)
	around       func(call modules.Call) (after func())
	// ahead is how far clocks are before the controller's, and slow how long hosts need
	// before they see a call.
	ahead, slow map[string]time.Duration
}

type effect struct{ step, host, chain, text string }

func newFakeHosts([]*modules.Spec) *fakeHosts {
	return &fakeHosts{dead: map[string]bool{}, failures: map[string]int{}, locks: map[string]string{}}
}

// effects lists what happened. Hosts that did the same task together are sorted: their
// order among each other is chance.
func (f *fakeHosts) effects() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []string
	for i := 0; i < len(f.done); {
		j := i
		for j < len(f.done) && f.together(f.done[j], f.done[i]) {
			j++
		}
		group := append([]effect(nil), f.done[i:j]...)
		sort.SliceStable(group, func(a, b int) bool { return group[a].chain < group[b].chain })
		for _, e := range group {
			where := e.host
			if e.chain != e.host {
				where = e.chain + " -> " + e.host
			}
			lines = append(lines, where+": "+e.text)
		}
		i = j
	}
	return lines
}

// together reports that two effects may come in any order: hosts do the same task, or
// take back what they did, beside each other.
func (f *fakeHosts) together(a, b effect) bool {
	if f.parallelUndo && strings.Contains(a.step, "/undo/") && strings.Contains(b.step, "/undo/") {
		return true
	}
	return a.step == b.step
}

func (f *fakeHosts) Call(ctx context.Context, t transport.Target, call modules.Call, content transport.Content, progress func(string)) (modules.Reply, error) {
	f.mu.Lock()
	f.inFlight++
	f.trips++
	f.most = max(f.most, f.inFlight)
	f.mu.Unlock()
	if f.around != nil {
		defer f.around(call)()
	}
	time.Sleep(f.slow[t.Host])
	began := time.Now()
	if !call.Run.Signal.IsZero() {
		time.Sleep(time.Until(call.Run.Signal.Add(-f.ahead[t.Host])))
	}
	reply, err := f.one(ctx, t, call, content)
	if call.Timed {
		reply.Times = &modules.Times{Began: began.Add(f.ahead[t.Host]), Ended: time.Now().Add(f.ahead[t.Host])}
		time.Sleep(f.slow[t.Host])
	}
	f.mu.Lock()
	f.inFlight--
	f.mu.Unlock()
	return reply, err
}

func (f *fakeHosts) one(ctx context.Context, t transport.Target, call modules.Call, content transport.Content) (modules.Reply, error) {
	args, _ := call.Args.AsMap()
	get := func(name string) values.Value { v, _ := args.Get(name); return v }
	f.mu.Lock()
	during := f.during
	gone := f.dead[t.Host]
	f.mu.Unlock()
	if during != nil {
		during(call)
	}
	if gone || truth(get("unreachable")) {
		f.mu.Lock()
		f.dead[t.Host] = true
		f.mu.Unlock()
		return modules.Reply{}, &transport.Unreachable{Kind: transport.KindLost, Op: "connect to " + t.Host, Cause: errors.New("no route to host")}
	}
	if call.Module == "release_lock" {
		return f.lock(t, call, values.Text(get("path")), values.Text(get("state")), truth(get("take_over"))), nil
	}
	text := values.Text(get("text"))
	for _, name := range []string{"src", "template", "files"} {
		if v := get(name); !v.IsNull() {
			text += " " + name + "=" + shownContent(v, content)
		}
	}
	f.note(call, t, text)
	if s, err := strconv.ParseFloat(values.Text(get("sleep")), 64); err == nil {
		select {
		case <-time.After(time.Duration(s * float64(time.Second))):
		case <-ctx.Done():
			return modules.Reply{}, ctx.Err()
		}
	}
	return f.reply(t, text, get), nil
}

func (f *fakeHosts) note(call modules.Call, t transport.Target, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.Become.Enabled {
		text += " (as " + orRoot(t.Become.User) + ")"
	}
	if call.Check {
		text += " (check)"
	}
	for _, name := range sortedKeys(call.Env) {
		text += " " + name + "=" + call.Env[name]
	}
	if call.Run.Lock != "" {
		text += " [" + call.Run.Lock + "]"
	}
	f.done = append(f.done, effect{step: stepTask(call.Step), host: t.Host, chain: call.Chain, text: text})
}

func (f *fakeHosts) reply(t transport.Target, text string, get func(string) values.Value) modules.Reply {
	if n, ok := get("fail_times").AsInt(); ok {
		f.mu.Lock()
		f.failures[t.Host+text]++
		again := f.failures[t.Host+text] <= int(n)
		f.mu.Unlock()
		if again {
			return modules.Reply{Failed: true, Msg: "not yet"}
		}
	}
	return outcome(get)
}

// outcome is how a call ends, as its parameters say.
func outcome(get func(string) values.Value) modules.Reply {
	reply := modules.Reply{Changed: !truth(get("same")), Skipped: truth(get("skip")), Facts: get("facts")}
	data := values.NewMap(2)
	if v := get("gives"); !v.IsNull() {
		data.Set("gives", v)
	}
	reply.Data = values.FromMap(data)
	if truth(get("fenced")) {
		reply.Failed, reply.Msg, reply.ErrorKind = true, "another run has the lock", modules.KindFenced
	}
	if truth(get("fail")) {
		reply.Failed, reply.Msg = true, "failed as asked"
	}
	return reply
}

func (f *fakeHosts) lock(t transport.Target, call modules.Call, path, state string, takeOver bool) modules.Reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := t.Host + " " + path
	f.done = append(f.done, effect{step: "lock " + t.Host + state, host: t.Host, chain: t.Host, text: "lock " + path + " " + state})
	if state == "mine" {
		if f.locks[key] != call.Run.ID {
			return modules.Reply{Failed: true, ErrorKind: modules.KindFenced, Msg: "another run has the lock"}
		}
		return modules.Reply{}
	}
	if state == "free" {
		delete(f.locks, key)
		return modules.Reply{}
	}
	if holder := f.locks[key]; holder != "" && holder != call.Run.ID && !takeOver {
		return modules.Reply{Failed: true, ErrorKind: modules.KindLocked, Msg: "the lock is held by " + holder, Data: values.MapOf("run", values.String(holder))}
	}
	f.locks[key] = call.Run.ID
	return modules.Reply{Data: values.MapOf("number", values.Int(1))}
}

func (f *fakeHosts) Batch(ctx context.Context, t transport.Target, calls []modules.Call, o transport.BatchOptions) error {
	f.mu.Lock()
	if len(calls) > 1 {
		f.batches = append(f.batches, len(calls))
	}
	f.trips++
	f.trips -= len(calls) // Call counts each
	f.mu.Unlock()
	unchanged := true
	for i, call := range calls {
		reply, err := f.Call(ctx, t, call, o.Content, nil)
		if err != nil {
			return err
		}
		unchanged = unchanged && reply.Unchanged()
		o.Each(i, reply)
	}
	for i, call := range o.Probes {
		reply, ok := f.probe(t, call)
		if !unchanged || !ok || ctx.Err() != nil {
			break
		}
		o.Probed(i, reply)
	}
	return nil
}

// probe tries a call without an effect, as the helper does; ok is that nothing would happen.
func (f *fakeHosts) probe(t transport.Target, call modules.Call) (reply modules.Reply, ok bool) {
	args, _ := call.Args.AsMap()
	get := func(name string) values.Value { v, _ := args.Get(name); return v }
	f.mu.Lock()
	defer f.mu.Unlock()
	if call.Module != "do" || f.dead[t.Host] || truth(get("unreachable")) || !get("fail_times").IsNull() {
		return reply, false
	}
	reply = outcome(get)
	f.probed++
	return reply, reply.Unchanged()
}

func (f *fakeHosts) Dial(context.Context, transport.Target, string, string) (net.Conn, error) {
	return nil, errors.New("fake hosts have no network")
}

func (f *fakeHosts) Exec(context.Context, transport.Target, string, io.Reader) (transport.Output, error) {
	return transport.Output{}, errors.New("fake hosts have no shell")
}

func (f *fakeHosts) Reset(t transport.Target) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, effect{step: "reset", host: t.Host, chain: t.Host, text: "reset"})
}

func shownContent(v values.Value, content transport.Content) string {
	if entries, ok := v.Get("entries"); ok {
		text := ""
		for _, e := range entries.Items() {
			path, _ := e.Get("path")
			text += "/" + values.Text(path)
		}
		return text
	}
	sha, _ := v.Get("sha256")
	size, _ := v.Get("size")
	if inline, ok := v.Get("inline"); ok {
		return fmt.Sprintf("%s(%s bytes inline %s)", values.Text(sha)[:6], values.Text(size), values.Text(inline))
	}
	r, err := content.Open(values.Text(sha))
	if err != nil {
		return err.Error()
	}
	defer r.Close()
	n, _ := io.Copy(io.Discard, r)
	return fmt.Sprintf("%s(%d bytes)", values.Text(sha)[:6], n)
}

// stepTask is the task of a step, without host and item.
func stepTask(step string) string {
	for i, c := range step {
		if c == '@' {
			return step[:i]
		}
	}
	return step
}

func truth(v values.Value) bool {
	switch values.Text(v) {
	case "True", "yes", "true":
		return true
	}
	return false
}

func orRoot(user string) string {
	if user == "" {
		return "root"
	}
	return user
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
