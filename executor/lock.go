package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
)

// heldLock is the run lock of a play: all its hosts or none. It is kept until a play
// begins that does not want the same lock, or the run ends, so that nobody can come in
// between two plays of one deploy.
type heldLock struct {
	name   string
	places []*lockPlace
	number map[string]string // host -> the directory that fenced calls name
}

// lockPlace is the lock on one host.
type lockPlace struct {
	host   string
	path   string
	target transport.Target
	call   modules.Call
}

// on is what a call to host says of the lock, empty where none is held there.
func (l *heldLock) on(host string) string { return l.number[host] }

// at is the lock on a host, nil where none is held there.
func (l *heldLock) at(host string) *lockPlace {
	if l == nil {
		return nil
	}
	for _, place := range l.places {
		if place.host == host {
			return place
		}
	}
	return nil
}

// acquire takes the play's lock on all its hosts, in the order of their names, or on none
// of them. It reports false where somebody else holds it.
func (p *play) acquire(ctx context.Context) (bool, error) {
	if p.Journal.Kept(keepPlay+p.path, nil) {
		return true, nil
	}
	wanted, err := p.wantedLock(ctx)
	if err != nil {
		return false, err
	}
	if p.held != nil && (wanted == nil || wanted.name != p.held.name) {
		p.free(ctx)
	}
	if wanted == nil {
		return true, nil
	}
	if p.hadLock(wanted) {
		return p.takeAll(ctx, wanted), nil
	}
	if thawed, err := p.thawed(ctx, wanted.name); !thawed || err != nil {
		return false, err
	}
	return p.takeAll(ctx, wanted), nil
}

// hadLock prepares for taking a lock that the run had before its controller died: a freeze
// or a hold that came since does not keep it from its end.
func (p *play) hadLock(wanted *heldLock) (had bool) {
	for _, place := range wanted.places {
		if !p.Journal.Kept(keepLock+place.host+" "+place.path, nil) {
			continue
		}
		had = true
		args, _ := place.call.Args.AsMap()
		args = args.Clone()
		args.Delete(values.String("hold"))
		args.Set("again", values.Bool(!p.Resume.Force))
		place.call.Args = values.FromMap(args)
	}
	return had
}

func (p *play) takeAll(ctx context.Context, wanted *heldLock) bool {
	waiting, cancel := p.interruptible(ctx)
	defer cancel()
	if p.held == nil {
		p.held = &heldLock{name: wanted.name, number: map[string]string{}}
	}
	unreached := p.reach(waiting, wanted)
	for _, place := range wanted.places {
		if p.held.number[place.host] != "" {
			continue
		}
		var reply modules.Reply
		err := unreached[place.host]
		if err == nil {
			reply, err = p.take(waiting, place)
		}
		p.warnAll(place.host, reply.Warnings)
		switch {
		case errors.Is(err, context.Canceled):
			p.refuse(ctx, wanted, place, modules.Reply{Msg: "the operator stopped waiting for the lock"})
			p.note(func(o *Outcome) { o.Interrupted = true })
			return false
		case err != nil && p.owns(place.host) && p.Resume != nil:
			p.warn(place.host, err.Error()+"; what it did before counts")
		case err != nil && p.owns(place.host):
			p.lockUnreachable(place, err)
		case err != nil:
			p.refuse(ctx, wanted, place, modules.Reply{Msg: err.Error()})
			return false
		case reply.Failed:
			p.refuse(ctx, wanted, place, reply)
			return false
		default:
			p.held.places = append(p.held.places, place)
			p.held.number[place.host] = place.path
			p.journalLock(place, true)
		}
	}
	p.tell(LockTaken{Name: wanted.name, Hosts: p.held.hosts()})
	return p.goOnWithout(p.hosts.without(p.alive(p.hosts)))
}

// reach connects to the hosts of a lock all at once: it is taken from host to host, in order,
// and no login or dead host shall hold up those behind it. It tells which cannot be reached.
func (p *play) reach(ctx context.Context, wanted *heldLock) map[string]error {
	hosts, ok := p.Hosts.(Remembering)
	if !ok {
		return nil
	}
	errs := make([]error, len(wanted.places))
	var all conc.WaitGroup
	for i, place := range wanted.places {
		if p.held.number[place.host] == "" {
			all.Go(func() {
				errs[i] = p.slots.use(ctx, func() error { _, err := hosts.Connect(ctx, place.target); return err })
			})
		}
	}
	all.Wait()
	unreached := map[string]error{}
	for i, place := range wanted.places {
		var gone *transport.Unreachable
		if errors.As(errs[i], &gone) {
			unreached[place.host] = gone
		}
	}
	return unreached
}

// Unnoticed is how long what a run left on a host may hold its lock there: until the helper
// takes its silent controller for dead, and until the call has ended that runs meanwhile.
const Unnoticed = 2 * time.Minute

// take asks for the lock on one host. Where only what another run left behind holds it, it
// waits until that lets go: nothing can be done about it, and nobody is in the way.
func (p *play) take(ctx context.Context, place *lockPlace) (modules.Reply, error) {
	reply, err := p.lockCall(ctx, p.inOrder(place))
	if err != nil || !p.leftBehind(reply) {
		return reply, err
	}
	p.warn(place.host, fmt.Sprintf("the lock %s is held by what run %s left here. That run has ended, and this host does not know it yet: its connection was lost. "+
		"Waiting until it notices, which takes a minute or two", place.path, lockedBy(reply)))
	for end := time.Now().Add(Unnoticed); err == nil && p.leftBehind(reply) && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return reply, ctx.Err()
		case <-time.After(time.Second):
			reply, err = p.lockCall(ctx, place.with("wait", values.Int(0)))
		}
	}
	return reply, err
}

// leftBehind reports that the lock was refused because of a run that is over.
func (p *play) leftBehind(reply modules.Reply) bool {
	by := lockedBy(reply)
	return p.Over != nil && by != "" && p.Over(by)
}

// lockedBy is the run that has the lock for which a reply was refused.
func lockedBy(reply modules.Reply) string {
	if !reply.Failed || reply.ErrorKind != modules.KindLocked {
		return ""
	}
	run, ok := reply.Data.Get("run")
	if !ok {
		return ""
	}
	return values.Text(run)
}

// inOrder gives the call for a lock, which waits for nobody where the run holds locks
// already that come after it: two runs that wait for each other would wait for ever.
func (p *play) inOrder(place *lockPlace) *lockPlace {
	after := slices.ContainsFunc(p.held.places, func(held *lockPlace) bool { return held.host > place.host })
	if !after {
		return place
	}
	return place.with("wait", values.Int(0))
}

// with is the same lock, with another parameter for its call.
func (place *lockPlace) with(name string, value values.Value) *lockPlace {
	other := *place
	args, _ := place.call.Args.AsMap()
	args = args.Clone()
	args.Set(name, value)
	other.call.Args = values.FromMap(args)
	return &other
}

func (r *run) warnAll(host string, texts []string) {
	for _, text := range texts {
		r.warn(host, text)
	}
}

// goOnWithout leaves hosts out of the play that could not be locked. It reports false
// where that is fatal for all.
func (p *play) goOnWithout(lost hostSet) bool {
	if len(lost) == 0 {
		return true
	}
	p.hosts = p.hosts.without(lost)
	fatal, _ := p.plain().Bool(or(p.src.AnyErrorsFatal, p.Defaults.AnyErrorsFatal))
	if fatal || len(p.hosts) == 0 {
		p.tell(NoMoreHosts{})
		p.note(func(o *Outcome) { o.Reason = "the lock could not be taken on " + strings.Join(lost.names(), ", ") })
		return false
	}
	return true
}

func (l *heldLock) hosts() []string {
	var names []string
	for _, place := range l.places {
		names = append(names, place.host)
	}
	return names
}

// refuse gives back what was taken so far and says who is in the way.
func (p *play) refuse(ctx context.Context, wanted *heldLock, place *lockPlace, reply modules.Reply) {
	freed := p.held.hosts()
	p.free(ctx)
	p.tell(LockRefused{Name: wanted.name, Host: place.host, Held: reply.ErrorKind == modules.KindLocked, Message: reply.Msg, Freed: freed})
	p.note(func(o *Outcome) {
		o.Locked = reply.ErrorKind == modules.KindLocked
		o.Reason = fmt.Sprintf("%s: %s", place.host, reply.Msg)
		if !o.Locked {
			o.Failed++
		}
	})
}

func (p *play) owns(name string) bool {
	return slices.Contains(p.hosts.names(), name)
}

// lockUnreachable takes a host out of the run that cannot be locked.
func (p *play) lockUnreachable(place *lockPlace, err error) {
	for _, h := range p.hosts {
		if h.name == place.host {
			p.putOut(h, Unreachable)
		}
	}
	p.stats.change(place.host, func(s *HostStats) { s.Unreachable++ })
	p.tell(HostResult{
		Task: Place{Path: p.path + "/lock", Name: "lock", Action: "release_lock", Written: p.src.Lock.Pos.String()},
		Host: place.host, Status: Unreachable, Result: values.FromMap(unreachableBy(err).fields),
	})
}

// free gives the lock back on all hosts that can still be reached.
func (r *run) free(ctx context.Context) {
	if r.held == nil || len(r.held.places) == 0 {
		r.held = nil
		return
	}
	ctx = context.WithoutCancel(ctx)
	for _, place := range slices.Backward(r.held.places) {
		if _, err := r.lockCall(ctx, place.with("state", values.String("free"))); err != nil {
			r.warn(place.host, fmt.Sprintf("give the lock back: %v; it is free as soon as the connection is gone", err))
			continue
		}
		r.journalLock(place, false)
	}
	r.tell(LockFreed{Name: r.held.name, Hosts: r.held.hosts()})
	r.held = nil
}

func (r *run) journalLock(place *lockPlace, held bool) {
	if err := r.Journal.Commit(keepLock+place.host+" "+place.path, held); err != nil {
		r.warn(place.host, "write the run's journal: "+err.Error())
	}
}

// askForLock is how long a host may take to say whose its lock is.
const askForLock = 10 * time.Second

// lockLost reports that another run has the lock of the host for which a fenced step runs
// elsewhere, as on its balancer: there nobody would notice. A host that does not answer
// has no other run on it.
func (v *visit) lockLost(ctx context.Context, s *step) (modules.Reply, bool) {
	place := v.held.at(v.host.name)
	if s.delegate == "" || s.delegate == v.host.name || !s.spec.Fenced || s.call.Check || place == nil {
		return modules.Reply{}, false
	}
	ask := place.with("state", values.String("mine"))
	ask.call.Run.Lock = place.path
	ctx, cancel := context.WithTimeout(ctx, askForLock)
	defer cancel()
	reply, err := v.lockCall(ctx, ask)
	return reply, err == nil && reply.Failed && reply.ErrorKind == modules.KindFenced
}

func (r *run) lockCall(ctx context.Context, place *lockPlace) (reply modules.Reply, err error) {
	err = r.slots.use(ctx, func() (err error) {
		reply, err = r.Hosts.Call(ctx, place.target, place.call, r.contents, nil)
		return err
	})
	return reply, err
}
