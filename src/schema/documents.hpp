// The documents of one compilation: where their schemas stand, which base URI holds there, and
// where references lead.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "schema/node.hpp"
#include "schema/validate.hpp"

namespace naestro::schema {

// kSchemaInvalid and its like, with the pointer (from the root of the document) in its context.
std::unexpected<Error> refuse(Code code, std::string message, const std::string& pointer);

// A schema and where it stands.
struct Place {
  const json::Value* schema = nullptr;
  std::size_t resource = 0;  // index of Program::resources
  std::string pointer;       // from the root of its document
};

class Documents {
 public:
  // `program` gets the documents and resources; both arguments outlive this.
  Documents(Program& program, const Resources& known) : program_{program}, known_{known} {}

  // Takes a copy of the main schema.
  Result<const Place*> add_root(const json::Value& schema);
  // The place of a schema inside of a document that was added.
  [[nodiscard]] const Place& place(const json::Value& schema) const { return places_.at(&schema); }
  // All places so far, in the order in which they stand.
  [[nodiscard]] const std::vector<const Place*>& all() const { return order_; }

  struct Target {
    const Place* place = nullptr;
    std::string dynamic_anchor;  // empty unless the reference names one
  };
  // Where `reference` leads from `from`. kSchemaUnsupported when its resource is not known,
  // kSchemaInvalid when nothing stands there.
  Result<Target> find(const Place& from, std::string_view reference);
  // Vocabularies that hold at a place.
  [[nodiscard]] unsigned vocabularies(const Place& at) const {
    return details_[at.resource].vocabularies;
  }
  [[nodiscard]] std::vector<std::pair<std::string, const Place*>> dynamic_anchors(
      std::size_t resource) const;

 private:
  struct Anchor {
    const Place* place;
    bool dynamic;
  };
  struct Detail {
    const Place* root = nullptr;
    unsigned vocabularies = 0;
    std::map<std::string, Anchor, std::less<>> anchors;
  };

  Result<std::size_t> add_document(const std::string& uri, const json::Value& schema);
  Result<void> index(const json::Value& schema, Place place, int depth);
  Result<void> index_children(const json::Object& schema, const Place& place, int depth);
  Result<void> open_resource(const json::Object& schema, Place& place);
  Result<void> add_anchors(const json::Object& schema, const Place& place);
  [[nodiscard]] Result<unsigned> dialect(const json::Value& name, const std::string& pointer) const;
  Result<std::size_t> resource_of(const std::string& uri, const Place& from);
  Result<const Place*> at_pointer(std::size_t resource, std::string_view fragment,
                                  const Place& from);

  Program& program_;
  const Resources& known_;
  std::deque<Detail> details_;  // beside Program::resources
  std::map<std::string, std::size_t, std::less<>> by_uri_;
  std::map<const json::Value*, Place> places_;
  std::vector<const Place*> order_;
};

}  // namespace naestro::schema
