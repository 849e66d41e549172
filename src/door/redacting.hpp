// A far side of the door out of which no secret comes.
#pragma once

#include "door/perform.hpp"
#include "vault/keeper.hpp"

namespace naestro::door {

// What the other adapter gets, its errors and what it shows meanwhile, without the values of
// secrets. What undoing an effect will need is not touched: it has to be exact, and is sealed.
class RedactingAdapter final : public Adapter {
 public:
  // Both have to outlive this.
  RedactingAdapter(Adapter& inner, vault::Keeper& keeper) : inner_{inner}, keeper_{keeper} {}
  Result<json::Value> prepare(const Intent& intent) override { return inner_.prepare(intent); }
  Outcome act(const Intent& intent, std::stop_token stop, const Provisional& provisional) override;

 private:
  Adapter& inner_;
  vault::Keeper& keeper_;
};

}  // namespace naestro::door
