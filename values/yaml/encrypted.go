package yaml

import (
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/gdeploy/gdeploy/values"
)

// Encrypted is a value that stands encrypted in the text (!vault). Whoever holds the
// vault's password replaces it by what is in it.
type Encrypted struct {
	// Text is the whole ciphertext with its $ANSIBLE_VAULT header.
	Text string
	// Pos is where it was written.
	Pos values.Position
}

// TypeName is how messages call it.
func (e *Encrypted) TypeName() string { return "vault-encrypted value" }

const vaultHeader = "$ANSIBLE_VAULT"

func (c *constructor) encrypted(n *goyaml.Node) values.Value {
	if n.Kind != goyaml.ScalarNode || !strings.HasPrefix(n.Value, vaultHeader) {
		return c.fail(n, "", "%s wants the text of an encrypted value, which starts with %s", n.Tag, vaultHeader)
	}
	return values.FromObject(&Encrypted{Text: n.Value, Pos: c.pos(n)})
}
