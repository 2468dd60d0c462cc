from datetime import date

from shop import member
from spec import Spec, check_specs

from features.festivals import (
    cut_off_month,
    days_since_festival,
    days_since_pay_day,
    days_to_festival,
    days_to_pay_day,
    season,
)

ANN = [member("ann")]

SPECS = (
    Spec("ten days before", days_to_festival["lunar_new_year"], ANN, {"ann": 10},
         date(2025, 1, 19)),
    Spec("the festival itself is ahead", days_to_festival["lunar_new_year"], ANN, {"ann": 0},
         date(2024, 2, 10)),
    Spec("the next year's is next", days_to_festival["lunar_new_year"], ANN, {"ann": 353},
         date(2024, 2, 11)),
    Spec("across a leap day", days_since_festival["lunar_new_year"], ANN, {"ann": 20},
         date(2024, 3, 1)),
    Spec("the second Sunday of May", days_to_festival["mothers_day"], ANN, {"ann": 11},
         date(2024, 5, 1)),
    Spec("the seventh lunar month of 2024 began on 4 August", days_to_festival["ghost_month"], ANN,
         {"ann": 64}, date(2024, 6, 1)),
    Spec("17 September 2024", days_to_festival["mid_autumn"], ANN, {"ann": 17}, date(2024, 8, 31)),
    Spec("10 June 2024", days_to_festival["dragon_boat"], ANN, {"ann": 9}, date(2024, 6, 1)),
    Spec("8 August", days_to_festival["fathers_day"], ANN, {"ann": 68}, date(2024, 6, 1)),
    Spec("11 November", days_since_festival["double_11"], ANN, {"ann": 1}, date(2024, 11, 12)),
    Spec("25 December", days_to_festival["christmas"], ANN, {"ann": 30}, date(2024, 11, 25)),
    Spec("the 10th of last month", days_since_pay_day, ANN, {"ann": 22}, date(2024, 6, 1)),
    Spec("the 5th of next month", days_to_pay_day, ANN, {"ann": 6}, date(2024, 2, 28)),
    Spec("February is 2", cut_off_month, ANN, {"ann": 2}, date(2024, 2, 29)),
    Spec("December is winter", season, ANN, {"ann": "winter"}, date(2024, 12, 1)),
)  # fmt: skip
test_spec = check_specs(SPECS)
