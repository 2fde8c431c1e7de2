package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// asked tells what a run waits for, and how it is answered from any other shell.
func (c *Console) asked(e executor.ApprovalAsked) {
	c.title("WAITING [" + e.Next + "]")
	if len(e.Failed) > 0 {
		c.line(failed, "failed in "+e.Done+": "+strings.Join(e.Failed, ", "))
	}
	c.line(skipped, fmt.Sprintf("%s is done; next is %s: %s", e.Done, e.Next, strings.Join(e.Hosts, ", ")))
	silence := "goes on by itself then"
	if e.Ask {
		silence = "takes no answer for a no then"
	}
	c.line(skipped, fmt.Sprintf("go on: gdeploy approve %s; take back: gdeploy approve %s --reject; it waits until %s, and %s",
		e.Run, e.Run, e.Until.Local().Format(time.DateTime), silence))
}

func (c *Console) answered(e executor.ApprovalAnswered) {
	text, color := "yes: "+e.Next+" goes on", fine
	if !e.Approved {
		text, color = "no: "+e.Next+" does not go on", failed
	}
	text += " (" + e.Who + ", by " + e.How + ")"
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	c.line(color, text)
}

// frozen tells of a freeze window: why nothing is done, or why it is done all the same.
func (c *Console) frozen(e executor.Frozen) {
	if e.Refused() {
		c.line(failed, fmt.Sprintf("fatal: [%s]: FROZEN! => %s", strings.Join(e.Hosts, ", "), e))
		return
	}
	c.warning("", e.String())
}

// together tells how far apart hosts did what they were to do at one moment.
func (c *Console) together(e executor.Together) {
	c.line(skipped, fmt.Sprintf("together: %s within %.1f ms (to %.1f ms), from %s to %s",
		hosts(len(e.Hosts)), e.Seconds*1000, e.Within*1000, e.Hosts[0], e.Hosts[len(e.Hosts)-1]))
}
