#pragma once

#include <bulkhead/errc.hpp>
#include <bulkhead/message.hpp>
#include <memory>
#include <string>
#include <vector>

// What a command is given by name: `command::with`, `runtime::endpoint`.
namespace bulkhead::detail {

/// Collects the queues and pipe ends in a value.
class endpoint_list final : public endpoint_sink {
 public:
  explicit endpoint_list(std::vector<std::uint64_t>& to) : to_(&to) {}
  std::uint64_t add(std::uint64_t id) override {
    to_->push_back(id);
    return to_->size() - 1;
  }

 private:
  std::vector<std::uint64_t>* to_;
};

/// One named value, encoded, with the endpoints in it.
struct legacy {
  std::uint64_t fingerprint = 0;
  std::vector<std::byte> bytes;
  std::vector<std::uint64_t> endpoints;
  std::shared_ptr<const void> value;  ///< Keeps them.
};

template <class T, class From>
legacy make_legacy(From&& from) {
  static_assert(require_spawn_argument<std::tuple<T>>());
  legacy made;
  made.fingerprint = fingerprint_of<T>();
  const auto value = std::make_shared<const T>(std::forward<From>(from));
  made.value = value;
  endpoint_list endpoints(made.endpoints);
  const std::size_t bytes = encoded_size(*value);
  if (bytes >= oversize) {
    throw error(errc::too_large,
                "a value given to a command is nested or long beyond what can be read again");
  }
  made.bytes.resize(bytes);
  encoder to(made.bytes.data(), &endpoints);
  encode(to, *value);
  return made;
}

/// A legacy as it travels.
struct named_legacy {
  std::string name;
  std::uint64_t fingerprint = 0;
  std::uint64_t first_endpoint = 0;  ///< Its endpoints' indices count from here.
  std::vector<std::byte> bytes;
};

/// Counts indices from an offset.
class shifted_endpoints final : public endpoint_source {
 public:
  shifted_endpoints(endpoint_source& from, std::uint64_t offset) : from_(&from), offset_(offset) {}
  std::uint64_t endpoint(std::uint64_t index) override { return from_->endpoint(offset_ + index); }

 private:
  endpoint_source* from_;
  std::uint64_t offset_;
};

}  // namespace bulkhead::detail
