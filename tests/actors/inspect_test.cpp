#include <bulkhead/actors/compat.hpp>
#include <bulkhead/message.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"

#if BULKHEAD_CAF_0_17
#include <caf/meta/type_name.hpp>
#endif

namespace {

/// As a program has it: written for its CAF, known to Bulkhead as it is.
class ticket {
 public:
  ticket() = default;
  ticket(int number, std::vector<std::string> lines) : number_(number), lines_(std::move(lines)) {}
  bool operator==(const ticket& other) const {
    return number_ == other.number_ && lines_ == other.lines_;
  }

#if BULKHEAD_CAF_0_17
  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, ticket& x) {
    return f(caf::meta::type_name("ticket"), x.number_, x.lines_);
  }
#else
  template <class Inspector>
  friend bool inspect(Inspector& f, ticket& x) {
    return f.object(x).pretty_name("ticket").fields(f.field("number", x.number_),
                                                    f.field("lines", x.lines_));
  }
#endif

 private:
  int number_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_CASE("one inspect serves CAF and Bulkhead", "[actors][unit]") {
  ticket sent(7, {"one", "two"});

  ticket by_caf;
#if BULKHEAD_CAF_0_17
  std::vector<char> buffer;
  caf::binary_serializer sink(nullptr, buffer);
  REQUIRE_FALSE(sink(sent));
  caf::binary_deserializer source(nullptr, buffer);
  REQUIRE_FALSE(source(by_caf));
#else
  caf::byte_buffer buffer;
  caf::binary_serializer sink(buffer);
  REQUIRE(sink.apply(sent));
  caf::binary_deserializer source(buffer);
  REQUIRE(source.apply(by_caf));
#endif
  CHECK(by_caf == sent);

  namespace detail = bulkhead::detail;
  std::vector<std::byte> wire(detail::encoded_size(sent));
  detail::encoder to(wire.data());
  detail::encode(to, sent);
  ticket by_us;
  REQUIRE(detail::decode_all(wire, by_us));
  CHECK(by_us == sent);
}
