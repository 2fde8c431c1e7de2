package executor

// host is one host in one play.
type host struct {
	name  string
	order int
	// undo is what takes back what was done here, oldest first.
	undo []*undoEntry
	// ended says that the host left the play by itself (meta: end_host).
	ended bool
	// stuck names what could not be taken back.
	stuck []string
	// through says that it came to the end of the play.
	through bool
	// fenced says that another run has the lock here: this run's part of the host is over.
	fenced bool
	// roles says how far the host is with the roles of the play, by RoleUse.Same.
	roles map[string]roleState
	// test is the last task that tested the host, for a rolling play.
	test *test
	// ahead is what was sent to it before its turn.
	ahead foresight
	// failure is the last thing that went wrong here.
	failure failure
}

// roleState is how far a host is with a role: one of whose tasks all were skipped it was
// not through.
type roleState int

const (
	roleBegun roleState = iota + 1
	roleDone
)

// hostSet is a set of hosts in the order of the play.
type hostSet []*host

func (s hostSet) names() []string {
	names := make([]string, len(s))
	for i, h := range s {
		names[i] = h.name
	}
	return names
}

// where gives those that pass.
func (s hostSet) where(pass func(*host) bool) hostSet {
	var some hostSet
	for _, h := range s {
		if pass(h) {
			some = append(some, h)
		}
	}
	return some
}

func (s hostSet) without(others hostSet) hostSet {
	if len(others) == 0 {
		return s
	}
	gone := others.index()
	return s.where(func(h *host) bool { return !gone[h] })
}

// and gives the hosts of both, in the order of the play.
func (s hostSet) and(others hostSet) hostSet {
	if len(others) == 0 {
		return s
	}
	both := make(hostSet, 0, len(s)+len(others))
	i, j := 0, 0
	for i < len(s) || j < len(others) {
		switch {
		case j == len(others) || i < len(s) && s[i].order < others[j].order:
			both = append(both, s[i])
			i++
		case i == len(s) || others[j].order < s[i].order:
			both = append(both, others[j])
			j++
		default:
			both = append(both, s[i])
			i++
			j++
		}
	}
	return both
}

func (s hostSet) index() map[*host]bool {
	m := make(map[*host]bool, len(s))
	for _, h := range s {
		m[h] = true
	}
	return m
}
