"""The Amazon Ads API as the stand-in has it: profiles, Sponsored Products, reports."""
