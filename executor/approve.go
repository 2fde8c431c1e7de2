package executor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/gdeploy/gdeploy/playbooks"
)

// Question is what a run wants to know between two waves.
type Question struct {
	Run string `json:"run"`
	// Done and Next are the waves, Hosts those of the next one.
	Done  string   `json:"done"`
	Next  string   `json:"next"`
	Hosts []string `json:"hosts"`
	// Failed are the hosts of the wave before that are out of the run.
	Failed []string  `json:"failed,omitempty"`
	Until  time.Time `json:"until"`
	// Ask says that silence is a no; else the run goes on at Until.
	Ask bool `json:"ask"`
}

// Answer is what somebody said to a Question.
type Answer struct {
	Approved bool `json:"approved"`
	// Who said so: a person, or "nobody" where the time ran out.
	Who    string `json:"who"`
	Reason string `json:"reason,omitempty"`
	// How it came: "terminal", "command" or "time".
	How string `json:"how"`
}

// Approvals lets a question be answered from elsewhere than the run's terminal.
type Approvals interface {
	// Answer makes the question known and returns what somebody says to it. It returns
	// the context's error where that ends first.
	Answer(ctx context.Context, q Question) (Answer, error)
}

// approved reports that the next wave may begin. Where it may not, the play is aborted.
func (p *play) approved(ctx context.Context, done, next wave) bool {
	if p.stopped() || ctx.Err() != nil {
		p.interrupt()
		return false
	}
	approval, err := p.approval(len(p.alive(done.hosts)) < len(done.hosts))
	if err != nil {
		p.abort(fmt.Sprintf("approve: %v", err))
		return false
	}
	if approval == nil || p.Check {
		return true
	}
	q := Question{
		Run: p.Identity.ID, Done: done.name, Next: next.name, Hosts: p.alive(next.hosts).names(),
		Failed: done.hosts.without(p.alive(done.hosts)).names(), Ask: approval.Ask, Until: time.Now().Add(approval.Time),
	}
	var answer Answer
	key := keepAnswer + "wave " + p.path + " " + next.name
	if p.Journal.Kept(key, &answer) {
		if !answer.Approved {
			p.abort(refusal(q, answer))
		}
		return answer.Approved
	}
	if p.beginsNothing() {
		p.abort(TurnedBack)
		return false
	}
	p.tell(ApprovalAsked{q})
	answer = p.waitForAnswer(ctx, q)
	if p.stopped() || ctx.Err() != nil {
		p.interrupt()
		return false
	}
	p.keep(key, answer)
	p.tell(ApprovalAnswered{Next: q.Next, Answer: answer})
	if !answer.Approved {
		p.abort(refusal(q, answer))
	}
	return answer.Approved
}

// approval evaluates approve; nil is that nobody is asked. Where hosts failed, time alone
// is not enough.
func (p *play) approval(someFailed bool) (*playbooks.Approval, error) {
	text, err := p.written(p.src.Approve)
	if err != nil || text == "" {
		return nil, err
	}
	a, err := playbooks.ParseApproval(text)
	a.Ask = a.Ask || someFailed
	return &a, err
}

func refusal(q Question, a Answer) string {
	text := fmt.Sprintf("%s said no to the wave %s", a.Who, q.Next)
	if a.How == byTime {
		text = fmt.Sprintf("nobody said yes to the wave %s in time", q.Next)
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}

// The ways in which an answer comes.
const (
	byTerminal = "terminal"
	byTime     = "time"
)

// waitForAnswer takes the first answer: of the terminal, of another shell, or of the clock.
func (p *play) waitForAnswer(ctx context.Context, q Question) Answer {
	ctx, cancel := p.interruptible(ctx)
	defer cancel()
	ctx, stopAsking := context.WithDeadline(ctx, q.Until)
	answers := make(chan Answer, 2)
	var asking conc.WaitGroup
	defer asking.Wait()
	defer stopAsking()
	if p.Terminal != nil && p.Terminal.Interactive() {
		asking.Go(func() {
			if a, err := p.askTerminal(ctx, q); err == nil {
				answers <- a
			}
		})
	}
	if p.Approvals != nil {
		asking.Go(func() {
			a, err := p.Approvals.Answer(ctx, q)
			if err == nil {
				answers <- a
			} else if ctx.Err() == nil {
				p.warn("", fmt.Sprintf("gdeploy approve cannot reach this run: %v", err))
			}
		})
	}
	select {
	case a := <-answers:
		return a
	case <-ctx.Done():
		return Answer{Approved: !q.Ask, Who: "nobody", How: byTime}
	}
}

// askTerminal asks until the answer is a yes or a no.
func (p *play) askTerminal(ctx context.Context, q Question) (Answer, error) {
	for {
		text, err := p.Terminal.Prompt(ctx, fmt.Sprintf("Go on with %s (%s)? yes or no: ", q.Next, strings.Join(q.Hosts, ", ")), true)
		if err != nil {
			return Answer{}, err
		}
		a := Answer{Who: p.Identity.Who, How: byTerminal}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "y", "yes":
			a.Approved = true
			return a, nil
		case "n", "no":
			return a, nil
		}
	}
}
