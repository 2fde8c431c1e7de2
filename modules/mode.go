package modules

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Mode is the parameter mode: octal ("0644"), symbolic ("u=rwx,g+x"), "preserve", or
// empty where it was not given.
type Mode string

// Given reports whether a mode was written.
func (m Mode) Given() bool { return m != "" }

// Preserve reports whether the mode of the source is wanted.
func (m Mode) Preserve() bool { return m == "preserve" }

// symbolicUmask is taken off "+x" without u, g, o or a.
const symbolicUmask = 0o022

// parseMode reads the mode parameter. An integer is the bits themselves, since YAML
// has read 0644 as octal already; a string of digits is octal.
func parseMode(v values.Value) (Mode, error) {
	if i, ok := v.AsInt(); ok {
		if i < 0 || i > 0o7777 {
			return "", fmt.Errorf("%d is no mode; write it in quotes, as \"0644\"", i)
		}
		return Mode(fmt.Sprintf("%04o", i)), nil
	}
	s, ok := v.AsString()
	if !ok {
		return "", fmt.Errorf("mode must be in octal or symbolic form")
	}
	s = strings.TrimSpace(s)
	if s == "" || s == "preserve" {
		return Mode(s), nil
	}
	if bits, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32); err == nil && bits <= 0o7777 {
		return Mode(fmt.Sprintf("%04o", bits)), nil
	}
	if _, err := symbolic(s, 0, false); err != nil {
		return "", err
	}
	return Mode(s), nil
}

// Apply gives the permission bits that m makes of current. For symbolic modes it
// matters what is there; X needs to know whether it is a directory.
func (m Mode) Apply(current fs.FileMode, isDir bool) fs.FileMode {
	if bits, err := strconv.ParseUint(string(m), 8, 32); err == nil {
		return fromBits(uint32(bits))
	}
	if !m.Given() || m.Preserve() {
		return current & permissions
	}
	bits, err := symbolic(string(m), toBits(current), isDir)
	if err != nil {
		return current & permissions
	}
	return fromBits(bits)
}

// permissions are the bits of a FileMode that chmod sets.
const permissions = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// fromBits turns the 12 bits of chmod into Go's.
func fromBits(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	if bits&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if bits&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

// toBits turns Go's permission bits into the 12 bits of chmod.
func toBits(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	if mode&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// FileMode turns the 12 bits of chmod into Go's permission bits.
func FileMode(bits uint32) fs.FileMode { return fromBits(bits) }

// ModeText prints permission bits as chmod takes them, "0644".
func ModeText(mode fs.FileMode) string { return fmt.Sprintf("%04o", toBits(mode)) }

// symbolic applies "u=rwx,go+x" to bits.
func symbolic(text string, bits uint32, isDir bool) (uint32, error) {
	for clause := range strings.SplitSeq(text, ",") {
		users, rest := cutWhile(clause, "ugoa")
		if rest == "" {
			return 0, badMode(text)
		}
		for rest != "" {
			op := rest[0]
			if !strings.ContainsRune("+-=", rune(op)) {
				return 0, badMode(text)
			}
			var perms string
			perms, rest = cutWhile(rest[1:], "rwxXstugo")
			if strings.ContainsAny(perms, "ugo") && len(perms) > 1 {
				return 0, badMode(text)
			}
			bits = applyClause(bits, users, op, perms, isDir)
		}
	}
	return bits, nil
}

func badMode(text string) error {
	return fmt.Errorf("bad symbolic permission for mode: %s", text)
}

func cutWhile(s, set string) (head, tail string) {
	n := 0
	for n < len(s) && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return s[:n], s[n:]
}

func applyClause(bits uint32, users string, op byte, perms string, isDir bool) uint32 {
	mask := uint32(0o7777)
	if users == "" {
		mask &^= symbolicUmask
	}
	if users == "" || strings.Contains(users, "a") {
		users = "ugo"
	}
	for _, u := range users {
		set := permissionBits(bits, byte(u), perms, isDir) & mask
		switch op {
		case '+':
			bits |= set
		case '-':
			bits &^= set
		case '=':
			bits = bits&^clearedBy(byte(u)) | set
		}
	}
	return bits
}

var shifts = map[byte]uint32{'u': 6, 'g': 3, 'o': 0}

// permissionBits is what perms mean for one of u, g, o.
func permissionBits(bits uint32, user byte, perms string, isDir bool) uint32 {
	var set uint32
	for i := range len(perms) {
		switch p := perms[i]; p {
		case 'r':
			set |= 4 << shifts[user]
		case 'w':
			set |= 2 << shifts[user]
		case 'x':
			set |= 1 << shifts[user]
		case 'X':
			if isDir || bits&0o111 != 0 {
				set |= 1 << shifts[user]
			}
		case 's':
			set |= map[byte]uint32{'u': 0o4000, 'g': 0o2000}[user]
		case 't':
			if user == 'o' {
				set |= 0o1000
			}
		default:
			set |= bits >> shifts[p] & 7 << shifts[user]
		}
	}
	return set
}

// clearedBy is what "=" takes away from one of u, g, o.
func clearedBy(user byte) uint32 {
	return 7<<shifts[user] | map[byte]uint32{'u': 0o4000, 'g': 0o2000, 'o': 0o1000}[user]
}

// Ownership is the mode, owner and group that modules about files have in common.
// Embed it to get the parameters.
type Ownership struct {
	Mode  Mode   `json:"mode" help:"permission bits, octal in quotes (\"0644\") or symbolic (u=rw,g=r)"`
	Owner string `json:"owner" help:"user that owns the file, by name or number"`
	Group string `json:"group" help:"group that owns the file, by name or number"`
}

// Attributes are those of a file or directory that has mode now; 0 is for one that is
// about to be made.
func (o Ownership) Attributes(now fs.FileMode, isDir bool) Attributes {
	a := Attributes{Owner: o.Owner, Group: o.Group}
	if !o.Mode.Given() || o.Mode.Preserve() {
		return a
	}
	if now == 0 {
		now = newMode(isDir)
	}
	mode := o.Mode.Apply(now, isDir)
	a.Mode = &mode
	return a
}

func newMode(isDir bool) fs.FileMode {
	if isDir {
		return 0o777 &^ symbolicUmask
	}
	return 0o666 &^ symbolicUmask
}

// RefusedFileParameters are parameters that Ansible's modules about files have and
// gdeploy's have not.
var RefusedFileParameters = map[string]string{
	"attributes":    "run chattr with the module command",
	"attr":          "run chattr with the module command",
	"seuser":        "files keep their SELinux label; run chcon or restorecon with the module command",
	"serole":        "files keep their SELinux label; run chcon or restorecon with the module command",
	"setype":        "files keep their SELinux label; run chcon or restorecon with the module command",
	"selevel":       "files keep their SELinux label; run chcon or restorecon with the module command",
	"unsafe_writes": "files are always replaced in one step; take it out",
}
