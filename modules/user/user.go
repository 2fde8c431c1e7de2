// Package user makes, changes and removes users.
package user

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/user/account"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "user", ReadOnly: true,
	New: func() modules.Module { return new(Module) },
	Refused: map[string]string{
		"local":              "users are always made in the host's own files",
		"ssh_key_passphrase": "a passphrase must not stand on a command line; make the key where it is used",
		"seuser":             "use semanage with the module command",
		"authorization":      "it is for Solaris",
		"profile":            "it is for Solaris",
		"role":               "it is for Solaris",
		"hidden":             "it is for macOS",
		"login_class":        "it is for BSD",
	},
}

// Module holds the parameters.
type Module struct {
	Name              string    `json:"name" aliases:"user" required:"true" help:"the user"`
	State             string    `json:"state" default:"present" choices:"absent,present" help:"whether there shall be such a user"`
	UID               *int      `json:"uid" help:"the number"`
	NonUnique         bool      `json:"non_unique" default:"no" help:"the uid may be that of another user too"`
	Comment           *string   `json:"comment" help:"the full name, or another remark"`
	Group             string    `json:"group" help:"the primary group, by name or number"`
	Groups            *[]string `json:"groups" help:"the further groups; empty for none"`
	Append            bool      `json:"append" default:"no" help:"leave the user in groups that are not listed"`
	Shell             string    `json:"shell" type:"path" help:"the login shell"`
	Home              string    `json:"home" type:"path" help:"the home directory"`
	CreateHome        bool      `json:"create_home" aliases:"createhome" default:"yes" help:"make the home directory where it is missing"`
	MoveHome          bool      `json:"move_home" default:"no" help:"move the old home directory's content to a new one"`
	Skeleton          string    `json:"skeleton" type:"path" help:"directory whose files a new home gets; needs create_home"`
	Umask             string    `json:"umask" help:"umask for a new home, octal in quotes"`
	System            bool      `json:"system" default:"no" help:"a new user gets a number of the system's range"`
	Password          *string   `json:"password" secret:"true" help:"the password as crypt hash (filter password_hash); * for none"`
	UpdatePassword    string    `json:"update_password" default:"always" choices:"always,on_create" help:"on_create leaves the password of a user that is there"`
	PasswordLock      *bool     `json:"password_lock" help:"whether the password is locked; keys still work"`
	PasswordExpireMax *int      `json:"password_expire_max" help:"days after which the password must be changed; -1 for never"`
	PasswordExpireMin *int      `json:"password_expire_min" help:"days before the password may be changed"`
	Expires           *float64  `json:"expires" help:"when the account ends, in seconds since 1970; negative for never"`
	Remove            bool      `json:"remove" default:"no" help:"with absent: remove the home directory too"`
	Force             bool      `json:"force" default:"no" help:"with absent: although the user is logged in"`
	GenerateSSHKey    bool      `json:"generate_ssh_key" default:"no" help:"make an SSH key for the user where there is none"`
	SSHKeyType        string    `json:"ssh_key_type" default:"rsa" help:"type of that key"`
	SSHKeyBits        int       `json:"ssh_key_bits" default:"0" help:"size of that key; 0 is ssh-keygen's choice"`
	SSHKeyFile        string    `json:"ssh_key_file" help:"where that key lies, absolute or below the home directory; .ssh/id_<type> otherwise"`
	SSHKeyComment     string    `json:"ssh_key_comment" help:"comment of that key; user and host name otherwise"`
}

// Validate checks rules across parameters.
func (m *Module) Validate() error {
	switch {
	case m.Name == "" || strings.HasPrefix(m.Name, "-") || strings.ContainsAny(m.Name, ":, \t\n/"):
		return modules.Invalid("%q is no name of a user", m.Name)
	case m.NonUnique && m.UID == nil:
		return modules.RequiredIf("non_unique", "True", true, "uid", false)
	case m.Skeleton != "" && !m.CreateHome:
		return modules.Invalid("skeleton needs create_home: true")
	case m.Append && m.Groups == nil:
		return modules.Invalid("append needs the parameter \"groups\"")
	case strings.Trim(m.Umask, "01234567") != "":
		return modules.Invalid("umask is %q, and must be octal in quotes, such as \"0077\"", m.Umask)
	case m.Password != nil && strings.ContainsAny(*m.Password, ":\n"):
		return modules.Invalid("password is a crypt hash and cannot contain : or a line break; the filter password_hash makes one")
	}
	return nil
}

// Run makes, changes or removes the user.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	wanted := m.wanted()
	data := modules.Data("name", values.String(m.Name), "state", values.String(m.State))
	was, err := account.Find(sys, m.Name)
	if err != nil {
		return modules.Result{Data: data}, err
	}
	if m.State == "absent" {
		said, err := wanted.Delete(ctx, sys, m.Remove, m.Force)
		if was != nil {
			m.tellOfRemoval(said, data)
		}
		return modules.Result{Data: data}, err
	}
	err = wanted.Make(ctx, sys)
	m.tell(sys, was == nil, data)
	if err == nil && m.GenerateSSHKey {
		err = m.sshKey(ctx, sys, data)
	}
	return modules.Result{Data: data, Warnings: m.warnings()}, err
}

func (m *Module) wanted() account.Wanted {
	return account.Wanted{
		Name: m.Name, UID: m.UID, NonUnique: m.NonUnique, Comment: m.Comment, Group: m.Group, Groups: m.Groups, Append: m.Append,
		Shell: m.Shell, Home: m.Home, CreateHome: m.CreateHome, MoveHome: m.MoveHome, Skeleton: m.Skeleton, Umask: m.Umask, System: m.System,
		Password: m.Password, KeepPassword: m.UpdatePassword == "on_create", Locked: m.PasswordLock,
		MaxDays: m.PasswordExpireMax, MinDays: m.PasswordExpireMin, Expires: m.Expires,
	}
}

// tellOfRemoval puts how the user was removed into data.
func (m *Module) tellOfRemoval(said modules.Output, data *values.Map) {
	data.Set("remove", values.Bool(m.Remove))
	data.Set("force", values.Bool(m.Force))
	if said.Stdout != "" {
		data.Set("stdout", values.String(said.Stdout))
		data.Set("stdout_lines", modules.Lines(said.Stdout))
	}
	if said.Stderr != "" {
		data.Set("stderr", values.String(said.Stderr))
		data.Set("stderr_lines", modules.Lines(said.Stderr))
	}
}

// tell puts what the user is now into data, and of the parameters those that counted for one who is new, or who was there.
func (m *Module) tell(sys modules.System, isNew bool, data *values.Map) {
	if isNew {
		data.Set("create_home", values.Bool(m.CreateHome))
		data.Set("system", values.Bool(m.System))
	} else {
		data.Set("append", values.Bool(m.Append))
		data.Set("move_home", values.Bool(m.MoveHome))
	}
	if m.Groups != nil {
		data.Set("groups", values.String(strings.Join(account.Names(*m.Groups), ",")))
	}
	if m.Password != nil {
		data.Set("password", values.String("NOT_LOGGING_PASSWORD"))
	}
	if now, err := account.Find(sys, m.Name); err == nil && now != nil {
		data.Set("uid", values.Int(int64(now.UID)))
		data.Set("group", values.Int(int64(now.GID)))
		data.Set("comment", values.String(now.Gecos))
		data.Set("home", values.String(now.Home))
		data.Set("shell", values.String(now.Shell))
	}
}

func (m *Module) warnings() []string {
	if m.Password == nil || *m.Password == "" || strings.HasPrefix(*m.Password, "$") || strings.Trim(*m.Password, "*!") == "" || strings.HasPrefix(*m.Password, "!$") {
		return nil
	}
	return []string{"the password is no crypt hash, so nobody can log in with it; the filter password_hash makes one"}
}

func (m *Module) sshKey(ctx context.Context, sys modules.System, data *values.Map) error {
	key := account.Key{User: m.Name, Type: m.SSHKeyType, Bits: m.SSHKeyBits, File: m.SSHKeyFile, Comment: m.SSHKeyComment}
	made, err := key.Make(ctx, sys)
	if err == nil {
		data.Set("ssh_key_file", values.String(made.File))
		data.Set("ssh_public_key", values.String(made.Public))
		data.Set("ssh_fingerprint", values.String(made.Fingerprint))
	}
	return err
}
