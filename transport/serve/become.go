package serve

import (
	"errors"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/transport/wire"
)

func (s *server) become(stream *yamux.Stream, b wire.Become) {
	refuse(stream, errors.New("not written yet"))
}
