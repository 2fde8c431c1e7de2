package executor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
)

// cell is the module of worlds: a host has cells with texts in them.
//
//	put   makes the text of a cell what it shall be, and is probed
//	look  reads a cell, and is probed
//	poke  puts a text into a cell of any host, and says that it changed something
//	test  fails where a cell has not the text, and is never probed
type cell struct {
	Cell string `json:"cell" help:"which one"`
	Text string `json:"text" help:"what is in it"`
	Peer string `json:"peer" help:"the host that poke means"`
}

func (*cell) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{}, fmt.Errorf("worlds do this themselves")
}

func cellSpecs() []*modules.Spec {
	var specs []*modules.Spec
	for _, name := range []string{"put", "look", "poke", "test"} {
		specs = append(specs, &modules.Spec{Name: name, ReadOnly: name == "put" || name == "look", New: func() modules.Module { return new(cell) }})
	}
	return specs
}

// world is hosts with cells, which a run may change; what it changed is noted.
type world struct {
	*fakeHosts
	mu      sync.Mutex
	cells   map[string]string // "host cell" -> text
	changes []effect
	sent    int // round trips
	tried   int // probes
	wasted  int // probes that said nothing
	hung    int // probes of the cell that hangs, which were ended
	lost    bool
}

func newWorld() *world { return &world{fakeHosts: newFakeHosts(nil), cells: map[string]string{}} }

// does does a call, or with check says what it would come to.
func (w *world) does(t transport.Target, call modules.Call, check bool) modules.Reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	args, _ := call.Args.AsMap()
	get := func(name string) string {
		if v, ok := args.Get(name); ok {
			return values.Text(v)
		}
		return ""
	}
	where := t.Host
	if call.Module == "poke" {
		where = get("peer")
	}
	at := where + " " + get("cell")
	reply := modules.Reply{Data: values.MapOf("was", values.String(w.cells[at]))}
	if call.Timed {
		reply.Times = &modules.Times{Began: time.Now(), Ended: time.Now()}
	}
	switch {
	case call.Module == "look":
	case call.Module == "test":
		reply.Failed = w.cells[at] != get("text")
	case call.Module == "poke" || w.cells[at] != get("text"):
		reply.Changed = true
		if !check {
			w.cells[at] = get("text")
			w.changes = append(w.changes, effect{step: stepTask(call.Step), host: t.Host, chain: call.Chain, text: at + " = " + get("text")})
		}
	}
	return reply
}

// Call does a call.
func (w *world) Call(ctx context.Context, t transport.Target, call modules.Call, content transport.Content, progress func(string)) (modules.Reply, error) {
	w.mu.Lock()
	w.sent++
	lost := w.lost
	w.mu.Unlock()
	if lost {
		return modules.Reply{}, connectionLost()
	}
	return w.does(t, call, call.Check), ctx.Err()
}

// Batch does calls, and tries those that are expected to come next.
func (w *world) Batch(ctx context.Context, t transport.Target, calls []modules.Call, o transport.BatchOptions) error {
	w.mu.Lock()
	w.sent++
	w.mu.Unlock()
	unchanged := true
	for i, call := range calls {
		reply := w.does(t, call, call.Check)
		unchanged = unchanged && reply.Unchanged()
		o.Each(i, reply)
	}
	for i, call := range o.Probes {
		if !unchanged || ctx.Err() != nil {
			break
		}
		args, _ := call.Args.AsMap()
		switch at, _ := args.Get("cell"); values.Text(at) {
		case "hang":
			<-ctx.Done()
			w.mu.Lock()
			w.hung++
			w.mu.Unlock()
			return ctx.Err()
		case "lost":
			w.mu.Lock()
			w.lost = true
			w.mu.Unlock()
			return connectionLost()
		}
		reply := w.does(t, call, true)
		unchanged = reply.Unchanged()
		w.mu.Lock()
		w.tried++
		if !unchanged {
			w.wasted++
		}
		w.mu.Unlock()
		if unchanged {
			o.Probed(i, reply)
		}
	}
	return ctx.Err()
}

// told is how tasks ended, in the order of the walk; hosts that did one beside each other
// are sorted.
func told(e *events) []string {
	var lines, group []string
	flush := func() { slices.Sort(group); lines = append(lines, group...); group = nil }
	for _, r := range e.all {
		switch ev := r.Event.(type) {
		case executor.TaskStarted:
			flush()
			lines = append(lines, "task "+ev.Task.Path)
		case executor.HandlerStarted:
			flush()
			lines = append(lines, "handler "+ev.Task.Path)
		case executor.UndoStarted:
			group = append(group, "undo "+ev.Task.Path+" "+ev.Host)
		case executor.ItemResult:
			group = append(group, fmt.Sprintf("%s %s #%d: %s %s", ev.Task.Path, ev.Host, ev.Index, ev.Status, values.JSON(ev.Result)))
		case executor.HostResult:
			group = append(group, fmt.Sprintf("%s %s: %s %v %v %s", ev.Task.Path, ev.Host, ev.Status, ev.Changed, ev.Ignored, values.JSON(ev.Result)))
		}
	}
	flush()
	return lines
}

// history is what a world's hosts went through, the hosts of a task in order.
func (w *world) history() []string {
	var lines []string
	for i := 0; i < len(w.changes); {
		j := i
		for j < len(w.changes) && sideBySide(w.changes[j], w.changes[i]) {
			j++
		}
		group := slices.Clone(w.changes[i:j])
		slices.SortStableFunc(group, func(a, b effect) int { return strings.Compare(a.chain, b.chain) }) // one host's stay in order
		for _, e := range group {
			lines = append(lines, e.step+" "+e.chain+" on "+e.host+": "+e.text)
		}
		i = j
	}
	return lines
}

// sideBySide reports that the order of two changes on different hosts is chance: hosts do the
// same task, or take back what they did.
func sideBySide(a, b effect) bool {
	return a.step == b.step || strings.Contains(a.step, "/undo/") && strings.Contains(b.step, "/undo/")
}

func connectionLost() error {
	return &transport.Unreachable{Kind: transport.KindLost, Op: "call", Cause: errors.New("the cable is cut")}
}
