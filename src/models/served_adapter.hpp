// The far side of the model door for models that a server answers for.
#pragma once

#include "contract/model.hpp"
#include "door/perform.hpp"
#include "vault/lease.hpp"

namespace naestro::models {

// Arguments and result are those of LocalModelAdapter. Calls run side by side; none is tried again
// here. A key goes to the contract's URL and nowhere else; it is read for each call and not kept.
// Thread-safe.
class ServedModelAdapter final : public door::Adapter {
 public:
  // `catalog` must outlive the adapter.
  ServedModelAdapter(const contract::ModelCatalog& catalog, vault::Keys keys);

  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

 private:
  const contract::ModelCatalog& catalog_;
  const vault::Keys keys_;
};

}  // namespace naestro::models
