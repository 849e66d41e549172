// The far side of the tool door: built-in tools over one workspace.
#pragma once

#include "door/perform.hpp"
#include "tools/builtin.hpp"

namespace naestro::tools {

class ToolAdapter final : public door::Adapter {
 public:
  explicit ToolAdapter(Workspace workspace) : workspace_{std::move(workspace)} {}
  // Tools cost what their contract says, which is the cap, so usage is left to the door.
  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

 private:
  Workspace workspace_;
};

}  // namespace naestro::tools
