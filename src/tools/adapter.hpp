// The far side of the tool door: tools over one workspace.
#pragma once

#include <functional>

#include "door/perform.hpp"
#include "tools/builtin.hpp"

namespace naestro::tools {

// As tools::call; the app joins the tools of several rooms in one.
using Call =
    std::function<Result<json::Value>(std::string_view tool, std::int64_t version,
                                      const json::Object& arguments, const Context& context)>;

// By the policy of the run.
using BarredFor = std::function<Barred(const door::Effect& effect)>;

class ToolAdapter final : public door::Adapter {
 public:
  // `hosts`: what the user allows to reach; `barred`: what of the workspace a call must not touch;
  // `clean`: of what it reads there; `keys`: the secrets that it may send.
  ToolAdapter(Workspace workspace, net::HostList hosts, Call call, BarredFor barred = {},
              Clean clean = {}, vault::Keys keys = {})
      : workspace_{std::move(workspace)},
        hosts_{std::move(hosts)},
        call_{std::move(call)},
        barred_{std::move(barred)},
        clean_{std::move(clean)},
        keys_{std::move(keys)} {}
  // Tools cost what their contract says, which is the cap, so usage is left to the door.
  // Of a tool that writes one file: what files.restore needs to bring back what is there now,
  // {"path", "content" (null: no such file; exact), "encoding"}. Fails where that is larger than 8
  // MiB.
  Result<json::Value> prepare(const door::Intent& intent) override;
  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

 private:
  Workspace workspace_;
  net::HostList hosts_;
  Call call_;
  BarredFor barred_;
  Clean clean_;
  vault::Keys keys_;
};

}  // namespace naestro::tools
