#pragma once

#include <bulkhead/message.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Classes that are no plain structs and say themselves how they travel.
namespace message_samples {

/// Trivially copyable, with private members, a constructor and a base: by its bytes.
struct tagged {
  std::uint16_t tag = 7;
};
class vec3 : public tagged {
 public:
  vec3() = default;
  vec3(float x, float y, float z) : x_(x), y_(y), z_(z) {}
  bool operator==(const vec3& other) const {
    return tag == other.tag && x_ == other.x_ && y_ == other.y_ && z_ == other.z_;
  }

 private:
  float x_ = 0, y_ = 0, z_ = 0;
};

/// Stands for CAF 0.17's annotations, which are temporaries among the fields.
struct type_name {
  const char* value;
};

/// As CAF 0.17 has it: `f(fields...)` and a result_type. Recursive, with a member left out.
class ticket {
 public:
  ticket() = default;
  ticket(int number, std::string owner) : number_(number), owner_(std::move(owner)) {}
  void add(ticket part) { parts_.push_back(std::move(part)); }
  [[nodiscard]] const ticket& last() const { return parts_.back(); }
  bool operator==(const ticket& other) const {
    return number_ == other.number_ && owner_ == other.owner_ && parts_ == other.parts_;
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, ticket& x) {
    return f(type_name{"ticket"}, x.number_, x.owner_, x.parts_);
  }

 private:
  int number_ = 0;
  std::string owner_;
  std::vector<ticket> parts_;
  const void* cache_ = nullptr;  // could not travel, and need not
};

/// As CAF 1.x has it: named fields, values behind functions, callbacks, an invariant.
class account {
 public:
  account() = default;
  account(std::string holder, std::int64_t cents) : holder_(std::move(holder)), cents_(cents) {}
  std::optional<int> limit;
  int loads = 0;
  bool operator==(const account& other) const {
    return holder_ == other.holder_ && cents_ == other.cents_ && limit == other.limit;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, account& x) {
    const auto get = [&x] { return x.cents_; };
    const auto set = [&x](std::int64_t cents) {
      x.cents_ = cents;
      return true;
    };
    return f.object(x)
        .pretty_name("account")
        .on_load([&x] {
          ++x.loads;
          return true;
        })
        .fields(f.field("holder", x.holder_).fallback("nobody"),
                f.field("cents", get, set).invariant([](std::int64_t cents) { return cents >= 0; }),
                f.field(
                    "limit", [&x] { return x.limit.has_value(); }, [&x] { return *x.limit; },
                    [&x] { x.limit.reset(); }, [&x](int value) { x.limit = value; }));
  }

 private:
  std::string holder_;
  std::int64_t cents_ = 0;
};

/// A struct that would fit as it is, but whose author left a field out.
struct partly {
  int sent = 0;
  int kept = 0;
  bool operator==(const partly& other) const { return sent == other.sent; }
};
template <class Inspector>
bool inspect(Inspector& f, partly& x) {
  return f.apply(x.sent);
}

/// An inspect without a field.
class blank {
 public:
  blank() = default;
  bool operator==(const blank&) const { return true; }

 private:
  [[maybe_unused]] int unused_ = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, blank&) {
  return f();
}

}  // namespace message_samples

template <>
inline constexpr bool bulkhead::enable_bytes<message_samples::vec3> = true;
