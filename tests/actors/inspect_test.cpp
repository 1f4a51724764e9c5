#include <bulkhead/message.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/meta/type_name.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

/// As a program with CAF 0.17 has it: written for CAF, known to Bulkhead as it is.
class ticket {
 public:
  ticket() = default;
  ticket(int number, std::vector<std::string> lines) : number_(number), lines_(std::move(lines)) {}
  bool operator==(const ticket& other) const {
    return number_ == other.number_ && lines_ == other.lines_;
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, ticket& x) {
    return f(caf::meta::type_name("ticket"), x.number_, x.lines_);
  }

 private:
  int number_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_CASE("one inspect serves CAF and Bulkhead", "[actors][unit]") {
  ticket sent(7, {"one", "two"});

  std::vector<char> buffer;
  caf::binary_serializer sink(nullptr, buffer);
  REQUIRE_FALSE(sink(sent));
  caf::binary_deserializer source(nullptr, buffer);
  ticket by_caf;
  REQUIRE_FALSE(source(by_caf));
  CHECK(by_caf == sent);

  namespace detail = bulkhead::detail;
  std::vector<std::byte> wire(detail::encoded_size(sent));
  detail::encoder to(wire.data());
  detail::encode(to, sent);
  ticket by_us;
  REQUIRE(detail::decode_all(wire, by_us));
  CHECK(by_us == sent);
}
