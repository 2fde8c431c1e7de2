package playbooks

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Rolling is the play keyword rolling: a window of hosts that are under way at once, of
// which the next one starts as one is through.
type Rolling struct {
	Pos values.Position
	// Window is how many hosts may be under way: a number or a percentage. Where it is
	// empty there is no window, and serial counts.
	Window values.Value
	// MinAvailable is how many hosts of the play's pattern, whatever -l leaves out, must
	// stay in service: a number or a percentage, rounded up.
	MinAvailable values.Value
	// Of is the pattern of the hosts that shares are shares of, and that are counted;
	// null is the play's own.
	Of values.Value
	// Settle is how long a host's check must go on passing before it leaves the window.
	Settle values.Value
	// Available, where written, is a condition: a host for which it is false counts as
	// out of service before the play began.
	Available values.Value
	// Check is what is repeated while a host settles; nil where that are the tests of
	// the play itself.
	Check []Node
}

// readRolling reads all of rolling but check, which holds tasks.
func readRolling(p *parser, t *target, k *Keyword, v values.Value) {
	m, ok := v.AsMap()
	if !ok {
		p.wants(v.Pos(), k.Name, "a mapping such as {window: 3, min_available: 80%, settle: 10s}", v)
		return
	}
	r := &Rolling{Pos: v.Pos()}
	t.play.Rolling = r
	var check values.Value
	fields := map[string]*values.Value{"window": &r.Window, "min_available": &r.MinAvailable, "settle": &r.Settle, "available": &r.Available, "of": &r.Of, "check": &check}
	rest := m.Clone()
	rest.Delete(values.String("check"))
	p.fields(t, k.Name, rest, fields)
	if r.Window.IsNull() {
		p.mistake(v.Pos(), "rolling needs a window", "say how many hosts are under way at once: {window: 3}")
	}
	for name, share := range map[string]values.Value{"window": r.Window, "min_available": r.MinAvailable} {
		if !share.IsNull() && !isTemplate(share) && !isBatch(share) {
			p.wants(share.Pos(), name, `a number or a percentage ("30%")`, share)
		}
	}
	if _, err := modules.ToDuration(r.Settle); err != nil && !r.Settle.IsNull() && !isTemplate(r.Settle) {
		p.wants(r.Settle.Pos(), "settle", `a length of time ("10s")`, r.Settle)
	}
	if !r.Available.IsNull() {
		p.condition(t, &Keyword{Name: "available", Takes: Conditions}, r.Available)
	}
}

// rollingCheck reads the tasks of rolling's check: a list, or one task.
func (p *parser) rollingCheck(play *Play, m *values.Map, at place) {
	rolling, _ := section(m, "rolling").AsMap()
	if rolling == nil || play.Rolling == nil {
		return
	}
	check := section(rolling, "check")
	if check.Kind() == values.KindMap {
		check = values.ListOf(check).At(check.Pos())
	}
	play.Rolling.Check = p.list("check", check, at)
}

// readWaves reads the patterns of the waves, in their order.
func readWaves(p *parser, t *target, k *Keyword, v values.Value) {
	items := []values.Value{v}
	if v.Kind() == values.KindList {
		items = v.Items()
	}
	for _, item := range items {
		if item.Kind() != values.KindString {
			p.wants(item.Pos(), k.Name, "a list of groups or patterns", item)
		}
	}
	p.templates(t, v)
	t.play.Waves = v
}

// Approval is what approve says of the pause between two waves.
type Approval struct {
	// Ask wants a yes; without it the time alone is enough, and only a no stops.
	Ask bool
	// Time is how long an answer is waited for.
	Time time.Duration
}

// DefaultAskTime is how long approve: ask waits where it does not say.
const DefaultAskTime = time.Hour

// ParseApproval reads "ask", "ask 4h", or "30m".
func ParseApproval(text string) (Approval, error) {
	words := strings.Fields(text)
	a := Approval{Time: DefaultAskTime}
	if len(words) > 0 && words[0] == "ask" {
		a.Ask, words = true, words[1:]
		if len(words) == 0 {
			return a, nil
		}
	}
	if len(words) != 1 {
		return a, errApproval
	}
	var err error
	if a.Time, err = modules.ToDuration(values.String(words[0])); err != nil || a.Time <= 0 {
		return a, errApproval
	}
	return a, nil
}

var errApproval = errors.New(`approve takes ask (somebody must say yes), "ask 4h" (within that time), or a length of time such as 30m, after which it goes on unless somebody says no`)

func readApprove(p *parser, t *target, _ *Keyword, v values.Value) {
	if _, err := ParseApproval(values.Text(v)); err != nil && !isTemplate(v) {
		p.mistake(v.Pos(), err.Error(), "")
	}
	p.templates(t, v)
	t.play.Approve = v
}

// pace refuses what a play says twice, or in vain, about the order of its hosts.
func (p *parser) pace(play *Play) {
	r := play.Rolling
	if r != nil && !play.Serial.IsNull() && !isTemplate(play.Serial) && !isTemplate(r.Window) {
		p.mistake(cmp.Or(play.Serial.Pos(), r.Pos), "a play has serial or rolling, not both", "serial takes batches one after the other; rolling starts the next host as one is through")
	}
	if r != nil && play.Strategy != "linear" {
		p.mistake(r.Pos, fmt.Sprintf("rolling takes each host through the play by itself, and has no use for strategy: %s", play.Strategy), "leave strategy out")
	}
	if !play.Approve.IsNull() && play.Waves.IsNull() {
		p.mistake(play.Approve.Pos(), "approve says what happens between waves, and the play has none", "waves: [preprod, canary, all]")
	}
}

func readTogether(p *parser, t *target, k *Keyword, v values.Value) {
	value(func(t *target) *values.Value { return &t.task.Together })(p, t, k, v)
}

// alone refuses what a task that hosts do together cannot have.
func (p *parser) alone(t *Task) {
	if t.Together.IsNull() || isFalse(t.Together) {
		return
	}
	for what, given := range map[string]bool{
		"a loop": t.Loop != nil, "throttle": !t.Throttle.IsNull(), "async": !t.Async.IsNull(), "run_once": !t.RunOnce.IsNull() && !isFalse(t.RunOnce),
		"an include": t.Include != nil, "meta": t.Meta != "", "until": len(t.Until) > 0,
	} {
		if given {
			p.mistake(t.Together.Pos(), "hosts do a task together once, at one moment: it cannot have "+what, "")
		}
	}
}
