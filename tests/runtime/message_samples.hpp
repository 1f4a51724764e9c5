#pragma once

#include <bulkhead/exit_status.hpp>
#include <bulkhead/message.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

/// Types and values of every kind that a message can be made of.
namespace message_samples {

using bytes = std::vector<std::byte>;

template <class T>
bytes encoded(const T& value) {
  namespace detail = bulkhead::detail;
  bytes out(detail::encoded_size(value));
  detail::encoder to(out.data());
  detail::encode(to, value);
  // Measure and writing must agree to the byte: nothing else keeps the writer in its room.
  if (to.position() != out.data() + out.size()) throw std::logic_error("encoded_size is wrong");
  return out;
}

enum class colour : std::uint8_t { red, green };
enum class wide : std::int64_t { far = -5 };
enum class answer : bool { no, yes };

struct empty {
  bool operator==(const empty&) const = default;
};

struct point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  bool operator==(const point&) const = default;
};

struct padded {
  char tag = 0;
  double weight = 0;
  bool set = false;
  bool operator==(const padded&) const = default;
};

struct order {
  std::uint64_t id = 0;
  std::string customer = "nobody";
  std::vector<point> path = {{7, 7}};
  std::optional<colour> paint = colour::green;
  bool operator==(const order&) const = default;
};

struct holder {
  std::array<std::string, 2> names;
  std::array<bool, 3> flags{};
  std::tuple<int, std::string, empty> triple;
  std::pair<order, std::monostate> both;
  bool operator==(const holder&) const = default;
};

struct tree {
  int label = 0;
  std::vector<tree> kids;
  bool operator==(const tree&) const = default;
};

struct chain {
  int label = 0;
  std::unique_ptr<chain> next;
  bool operator==(const chain& other) const {
    if (label != other.label || (next == nullptr) != (other.next == nullptr)) return false;
    return next == nullptr || *next == *other.next;
  }
};

/// The shape of JSON: recursion through a variant, a vector and a map.
struct document {
  std::variant<std::monostate, bool, double, std::string, std::vector<document>,
               std::map<std::string, document>>
      value;
  bool operator==(const document& other) const { return value == other.value; }
};

inline chain chain_of(int links) {
  chain front;
  for (int i = 1; i < links; ++i) {
    auto next = std::make_unique<chain>(std::move(front));
    front = chain{i, std::move(next)};
  }
  return front;
}

inline document some_document() {
  std::map<std::string, document> fields;
  fields["list"].value = std::vector<document>(3);
  fields["name"].value = std::string("pump");
  fields["on"].value = true;
  fields["flow"].value = 0.25;
  return document{std::move(fields)};
}

enum class outcome {
  equal,              ///< Read, and equal to the sample.
  other,              ///< Read, and another value, which can be sent again.
  refused,            ///< Not read; the value is value-initialised.
  refused_and_dirty,  ///< Not read, and something is left in the value.
};

/// One value, without its type: the tests are compiled once, not once for each type.
struct sample {
  std::string type;
  bytes wire;
  std::function<outcome(const bytes&)> read;
};

/// Values of every kind, empty ones and nested ones among them.
std::vector<sample> all();

}  // namespace message_samples
